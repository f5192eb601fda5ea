import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson, contentHash } from '../../../src/api/hash.ts';

test('a hash does not depend on the order of keys or on undefined', () => {
  assert.equal(contentHash({ a: 1, b: { c: 2, d: undefined } }), contentHash({ b: { c: 2 }, a: 1 }));
  assert.notEqual(contentHash([1, 2]), contentHash([2, 1]));
  assert.match(contentHash({}), /^[0-9a-f]{16}$/);
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
    }),
  );
});
