import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createDataOrder } from '../../../../src/diffusion/dataOrder.ts';
import { inTrainingOrder } from '../../../../src/trainer/train/trainingOrder.ts';
import { memorySource } from '../../../helpers/trainer.ts';

const shape = { size: 1, channels: 1 } as const;
/** Images whose one pixel is their number. */
const source = (count: number) =>
  memorySource(
    Uint8Array.from({ length: count }, (_, i) => i),
    shape,
  );

test('images come in the order of the seed, across epochs', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 200 }),
      fc.nat(1000),
      fc.integer({ min: 1, max: 300 }),
      fc.nat(5),
      async (count, seen, batchSize, seed) => {
        const pixels = await inTrainingOrder(source(count), seed).batch(seen, batchSize);
        assert.deepEqual([...pixels], [...createDataOrder(seed, count)(seen, batchSize)]);
      },
    ),
    { numRuns: 50 },
  );
});

test('every epoch has every image once', async () => {
  const pixels = await inTrainingOrder(source(10), 1).batch(20, 10);
  assert.deepEqual(
    [...pixels].sort((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
});

test('what cannot be read ends the batch with its error', async () => {
  const failing = { ...source(10), batch: async () => Promise.reject(new Error('no answer')) };
  await assert.rejects(inTrainingOrder(failing, 1).batch(0, 4), /no answer/);
});

test('each place of the order has the condition of its image', async () => {
  const labelled = { ...source(10), condition: async (label: number) => ({ label }) };
  const { batch, condition } = inTrainingOrder(labelled, 1);
  for (const place of [0, 9, 10, 25])
    assert.deepEqual([(await condition?.(place))?.label], [...(await batch(place, 1))]);
  assert.equal(inTrainingOrder(source(10), 1).condition, undefined);
});
