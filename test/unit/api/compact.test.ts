import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compact } from '../../../src/api/compact.ts';

test('a key whose value is undefined goes; every other value stays, null and false too', () => {
  const value = compact({ a: undefined, b: null, c: false, d: 0, e: '' });
  assert.deepEqual(value, { b: null, c: false, d: 0, e: '' });
  assert.ok(!('a' in value));
});

test('what is compact equals what comes back from JSON', () => {
  const value = compact({ a: 1, b: undefined, c: { d: 2 } });
  assert.deepStrictEqual(JSON.parse(JSON.stringify(value)), value);
});
