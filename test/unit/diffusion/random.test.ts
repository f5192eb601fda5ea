import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createDataOrder, epochOrder } from '../../../src/diffusion/dataOrder.ts';
import { normals, philox, randomBelow, randomWord, seedPair, streams } from '../../../src/diffusion/random.ts';

test('Philox gives the known answers of its authors', () => {
  const answers: [number[], number[], number[]][] = [
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ];
  for (const [counter, key, expected] of answers) {
    const out = new Uint32Array(4);
    philox(counter as [number, number, number, number], key as [number, number], out);
    assert.deepEqual([...out], expected);
  }
});

test('normal numbers have mean 0 and variance 1, and do not depend on how many are drawn', () => {
  const drawn = normals(3, streams.start, 5, 100_000);
  const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
  const variance = drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / drawn.length;
  assert.ok(Math.abs(mean) < 0.02 && Math.abs(variance - 1) < 0.02, `${mean} ${variance}`);
  assert.deepEqual(normals(3, streams.start, 5, 7), drawn.slice(0, 7));
});

test('streams, seeds and indices do not meet', () => {
  const words = new Set<number>();
  for (const seed of [0, 1]) {
    for (const stream of Object.values(streams)) {
      for (let index = 0; index < 50; index++) words.add(randomWord(seed, stream, index, 0));
    }
  }
  assert.equal(words.size, 2 * 6 * 50);
  assert.notDeepEqual(seedPair(1, streams.noise, 2), seedPair(1, streams.noise, 3));
});

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

test('randomBelow stays below its bound and reaches every value', () => {
  const drawn = new Set(Array.from({ length: 200 }, (_, i) => randomBelow(5, 1, streams.states, 9, i)));
  assert.deepEqual([...drawn].sort(), [0, 1, 2, 3, 4]);
});
