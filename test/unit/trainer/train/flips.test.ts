import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mirror } from '../../../../src/trainer/train/flips.ts';

test('rows are turned round, channels stay side by side, other images stay', () => {
  const image = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
  const pixels = Uint8Array.of(...image, ...image);
  assert.deepEqual(
    [...mirror(pixels, { size: 2, channels: 3 }, (i) => i === 1)],
    [...image, 4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9],
  );
});

test('mirrored twice is as before, and what is given is not written to', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom(1, 3),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 3 }),
      (size, channels, which) => {
        const shape = { size, channels };
        const pixels = Uint8Array.from({ length: which.length * size * size * channels }, (_, i) => i * 7);
        const kept = pixels.slice();
        const once = mirror(pixels, shape, (i) => which[i] === true);
        assert.deepEqual(
          mirror(once, shape, (i) => which[i] === true),
          kept,
        );
        assert.deepEqual(pixels, kept);
      },
    ),
  );
});
