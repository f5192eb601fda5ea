import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPlainPath } from '../../../../src/trainer/formats/plainPath.ts';

test('a plain path is of names', () => {
  for (const path of ['a', 'a/b.tar', '...', 'a/..b']) assert.ok(isPlainPath(path), path);
  for (const path of ['', '/a', 'a/', 'a//b', '.', 'a/./b', '../a', 'a/..', 'a\0b'])
    assert.ok(!isPlainPath(path), path);
});
