import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, spread } from '../../../../src/trainer/signatures/robust.ts';

test('a median is the middle one, or the mean of the two', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2.5);
});

test('the spread is that of the many, whatever the few are', () => {
  assert.equal(spread([1, -1, 1, -1, 1000]), 1.4826);
});
