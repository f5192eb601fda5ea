import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guidanceScale, guide } from '../../../../src/trainer/sample/guidance.ts';

test('only the states that are named are guided, all where none is', () => {
  const scales = (states?: string) =>
    [0, 1, 2, 3].map((state) => guidanceScale({ scale: 3, ...(states && { states }) }, state));
  assert.deepEqual(scales(), [3, 3, 3, 3]);
  assert.deepEqual(scales('1-2'), [1, 3, 3, 1]);
  assert.deepEqual(scales('3'), [1, 1, 1, 3]);
});

test('scale 0 is without conditions, 1 with them, and beyond it goes on in that direction', () => {
  const [free, told] = [Float32Array.of(1, 2), Float32Array.of(2, 0)];
  assert.deepEqual(guide(free, told, 0), free);
  assert.deepEqual(guide(free, told, 1), told);
  assert.deepEqual(guide(free, told, 3), Float32Array.of(4, -4));
});
