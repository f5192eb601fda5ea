import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Part, Program } from '../../../../src/trainer/engine/program.ts';
import type { ParameterSpec } from '../../../../src/trainer/model/parameters.ts';
import { initialState, piecesOf, stateOf, withGradients } from '../../../../src/trainer/train/state.ts';
import { collect } from '../../../helpers/collect.ts';
import { joined } from '../../../helpers/state.ts';
import { training, weightsVector } from '../../../helpers/unet.ts';

const large = 2 ** 18 + 1;
/** Three groups: a large parameter between small ones. */
const specs: ParameterSpec[] = [
  { name: 'a', shape: [2], initial: { kind: 'ones' } },
  { name: 'b', shape: [large], initial: { kind: 'normal', fanIn: 4 } },
  { name: 'c', shape: [3], initial: { kind: 'normal', fanIn: 4 } },
];
const settings = training({ seed: 4, ema: { further: [10] } });
const names = ['weights', 'firstMoment', 'secondMoment', 'average', 'average1'];

/** A program that holds state and computes nothing. */
function holder(): Program {
  const held = new Map<string, Float32Array>();
  return {
    write: async (parts) => {
      for await (const [name, values] of parts) held.set(name, values);
    },
    *read(wanted) {
      for (const name of wanted) yield [name, held.get(name) ?? assert.fail(name)];
    },
    run: () => ({}),
    dispose: () => {},
  };
}

test('training begins without moments, and its averages are the weights', async () => {
  const program = holder();
  await program.write(initialState(specs, settings));
  const vector = (name: string) => joined(piecesOf(program, specs, [name]));
  const weights = weightsVector(specs, 4);
  for (const name of ['weights', 'average', 'average1']) assert.deepEqual(vector(name), weights, name);
  for (const name of ['firstMoment', 'secondMoment']) assert.ok(vector(name).every((value) => value === 0));
});

test('training begins with weights that are given, in any order, and so do its averages', async () => {
  const program = holder();
  const given = specs
    .map(({ name, shape }, i) => ({ name, values: new Float32Array(shape[0] as number).fill(i + 1) }))
    .toReversed();
  await program.write(initialState(specs, settings, given));
  const vector = (name: string) => joined(piecesOf(program, specs, [name]));
  const weights = new Float32Array(2 + large + 3)
    .fill(1, 0, 2)
    .fill(2, 2, 2 + large)
    .fill(3, 2 + large);
  for (const name of ['weights', 'average', 'average1']) assert.deepEqual(vector(name), weights, name);
  assert.ok(vector('firstMoment').every((value) => value === 0));
});

test('a state read in pieces is the one that was written, a vector of all parameters for each name', async () => {
  const total = 2 + large + 3;
  const read = async (name: string, from: number, count: number) =>
    Float32Array.from({ length: count }, (_, i) => names.indexOf(name) * total + from + i);
  const program = holder();
  await program.write(stateOf(specs, settings.ema, read));
  const expected = Float32Array.from({ length: names.length * total }, (_, i) => i);
  assert.ok(Buffer.from(joined(piecesOf(program, specs, names)).buffer).equals(Buffer.from(expected.buffer)));
});

test('a program that adds gradients up begins without any', async () => {
  const parts: Part[] = await collect(withGradients(specs, [['weights.0', Float32Array.of(1)]]));
  assert.deepEqual(
    parts.map(([name, values]) => [name, values.length]),
    [
      ['weights.0', 1],
      ['gradient.0', 2],
      ['gradient.1', large],
      ['gradient.2', 3],
    ],
  );
  assert.ok(parts.slice(1).every(([, values]) => values.every((value) => value === 0)));
});
