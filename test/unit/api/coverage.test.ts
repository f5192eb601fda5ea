import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coverageText } from '../../../src/api/coverage.ts';

test('coverage says how many states of how many have a model', () => {
  assert.equal(coverageText(30, 32), '30 of 32 states');
});
