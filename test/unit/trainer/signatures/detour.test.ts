import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findDetours } from '../../../../src/trainer/signatures/detour.ts';

/** Frames of 16 bytes each, the noisiest state's first, of so many grey levels above 100. */
const predicted = (...levels: number[][]) => ({
  shape: [levels.length, 1, 4, 4, 1],
  data: new Uint8Array(
    levels.flatMap((level) => Array.from({ length: 16 }, (_, i) => 100 + (level[i % level.length] as number))),
  ),
});

test('images that become clearer step by step are no detour', () => {
  assert.deepEqual(findDetours({ predicted: predicted([0, 0], [30, 0], [60, 10], [70, 20], [72, 22]) }, 0.5), []);
});

test('a state far from both neighbours, which are near each other, is one', () => {
  const [found = assert.fail(), ...others] = findDetours(
    { predicted: predicted([0, 0], [10, 0], [80, -60], [20, 0], [22, 2]) },
    0.5,
  );
  assert.deepEqual(others, []);
  assert.equal(found.place, 2, 'the third of five frames');
  assert.ok(found.ratio > 3 && found.distance > 0.3);
});

test('ways of a few grey levels are not looked at', () => {
  assert.deepEqual(findDetours({ predicted: predicted([0, 0], [4, 0], [0, 0]) }, 0.5), []);
});
