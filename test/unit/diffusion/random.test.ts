import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  normals,
  philox,
  randomBelow,
  randomChance,
  randomWord,
  seedPair,
  streams,
} from '../../../src/diffusion/random.ts';

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
  assert.equal(words.size, 2 * Object.keys(streams).length * 50);
  assert.notDeepEqual(seedPair(1, streams.noise, 2), seedPair(1, streams.noise, 3));
});

test('randomBelow stays below its bound and reaches every value', () => {
  const drawn = new Set(Array.from({ length: 200 }, (_, i) => randomBelow(5, 1, streams.states, 9, i)));
  assert.deepEqual([...drawn].sort(), [0, 1, 2, 3, 4]);
});

test('what has a probability comes true that often, and is a function of its number', () => {
  for (const probability of [0, 0.1, 0.5]) {
    const drawn = Array.from({ length: 4000 }, (_, i) => randomChance(probability, 1, streams.conditions, i));
    assert.ok(Math.abs(drawn.filter(Boolean).length / 4000 - probability) < 0.03);
    assert.equal(randomChance(probability, 1, streams.conditions, 7), drawn[7]);
  }
});
