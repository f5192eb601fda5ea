import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { batchesOf } from '../../../../src/trainer/sample/batches.ts';

const range = fc.tuple(fc.nat(500), fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 64 }));

test('every sample of a shard is in one batch, at the place that its number alone decides', () => {
  fc.assert(
    fc.property(range, ([first, count, batchSize]) => {
      const samples = batchesOf(first, count, batchSize).flatMap(({ place, from, to }) => {
        assert.ok(place + to - from <= batchSize, 'a batch has no more than its size');
        return Array.from({ length: to - from }, (_, i) => ({ sample: first + from + i, place: place + i }));
      });
      assert.deepEqual(
        samples,
        Array.from({ length: count }, (_, i) => ({ sample: first + i, place: (first + i) % batchSize })),
      );
    }),
  );
});
