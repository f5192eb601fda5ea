import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createDataOrder, epochOrder } from '../../../src/diffusion/dataOrder.ts';

test('an epoch visits every image once', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(100), fc.integer({ min: 1, max: 200 }), (seed, epoch, size) => {
      assert.deepEqual(
        [...epochOrder(seed, epoch, size)].sort((a, b) => a - b),
        Array.from({ length: size }, (_, i) => i),
      );
    }),
  );
});

test('a batch is a function of the images seen before it, however they were seen', () => {
  fc.assert(
    fc.property(
      fc.nat(1000),
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 10 }),
      (seed, size, batches) => {
        const total = batches.reduce((sum, batch) => sum + batch, 0);
        const inOne = createDataOrder(seed, size)(0, total);
        let seen = 0;
        const order = createDataOrder(seed, size);
        for (const batch of batches) {
          assert.deepEqual(order(seen, batch), inOne.slice(seen, seen + batch));
          seen += batch;
        }
      },
    ),
  );
});
