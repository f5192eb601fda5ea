import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isTerminal, phases, statusSchema } from '../../../src/api/status.ts';

test('a run does not leave Complete, Failed and Cancelled by itself, and every other phase it does', () => {
  assert.deepEqual(phases.filter(isTerminal), ['Complete', 'Cancelled', 'Failed']);
});

test('a status of another version is read as far as it is known', () => {
  assert.deepEqual(statusSchema.parse({ phase: 'Training', comes: 'later' }), { phase: 'Training' });
  assert.ok(!statusSchema.safeParse({ phase: 'Dancing' }).success);
});
