import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isObject } from '../../../src/api/objects.ts';

test('a map of fields is an object; a list, null and a scalar are none', () => {
  for (const value of [{}, { a: 1 }]) assert.ok(isObject(value));
  for (const value of [[], null, undefined, 'a', 1, true]) assert.ok(!isObject(value));
});
