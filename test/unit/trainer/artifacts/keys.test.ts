import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkedKey } from '../../../../src/trainer/artifacts/keys.ts';

test('a key stays as it is, and one that could lead out of a store is none', () => {
  for (const key of ['a', 'runs/x/.hidden', 'a b/ü']) assert.equal(checkedKey(key), key);
  for (const key of ['', '/', '/a', 'a/', 'a//b', '.', '..', 'a/../b', 'a\0'])
    assert.throws(() => checkedKey(key), { code: 'InputUnsafe' });
});
