import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statelessNormal } from '../../../../src/trainer/engine/backend.ts';
import type { Part, Program, ProgramSpec } from '../../../../src/trainer/engine/program.ts';
import { createRecordedProgram } from '../../../../src/trainer/engine/recorder.ts';
import { loadTensorFlow, type Tensor } from '../../../../src/trainer/engine/tensorflow.ts';
import { createEagerProgram } from '../../../helpers/eagerProgram.ts';

const tf = await loadTensorFlow(1);

/** total += scale·x + noise(seed); outputs the sum of the total's positive values. */
const accumulator: ProgramSpec = {
  state: { total: [3], fixed: [3] },
  routines: {
    add: {
      inputs: {
        x: { shape: [3], dtype: 'float32' },
        scale: { shape: [], dtype: 'float32' },
        seed: { shape: [2], dtype: 'int32' },
      },
      update({ total, fixed }, { x, scale, seed }) {
        const noise = statelessNormal(tf, [3], seed as Tensor);
        const next = tf.add(tf.add(total as Tensor, tf.mul(x as Tensor, scale as Tensor)), noise);
        const [first, rest] = tf.split(next, [1, 2]) as [Tensor, Tensor]; // an op of several outputs
        const positive = tf.where(tf.greater(next, 0), next, tf.mul(fixed as Tensor, 0)); // a bool between, a constant
        return { outputs: { sum: tf.sum(positive), rest: tf.add(rest, first) }, stages: [() => ({ total: next })] };
      },
    },
    double: {
      inputs: {},
      update: ({ total, fixed }) => ({
        outputs: {},
        stages: [() => ({ total: tf.mul(total as Tensor, 2) }), () => ({ fixed: tf.add(fixed as Tensor, 1) })],
      }),
    },
  },
};
const start: Part[] = [
  ['total', Float32Array.of(1, -2, 3)],
  ['fixed', Float32Array.of(7, 8, 9)],
];
const other: Part[] = [['total', Float32Array.of(0, 0, 0)], start[1] as Part];
const stateOf = (program: Program) => Object.fromEntries(program.read(['total', 'fixed']));
const inputs = (step: number) => ({
  x: Float32Array.of(step, 1, -1),
  scale: Float32Array.of(0.5),
  seed: Int32Array.of(11, step),
});
const runs = (program: Program) => Array.from({ length: 5 }, (_, step) => program.run('add', inputs(step)));

test('a recorded program computes what the eager one does, and keeps state that is not updated', async () => {
  const [eager, recorded] = [createEagerProgram(tf, accumulator), createRecordedProgram(tf, accumulator)];
  for (const program of [eager, recorded]) await program.write(start);
  assert.deepEqual(runs(recorded), runs(eager));
  assert.deepEqual(stateOf(recorded), stateOf(eager));
  assert.deepEqual(stateOf(recorded).fixed, Float32Array.of(7, 8, 9));
  for (const program of [eager, recorded]) program.dispose();
});

test('state can be replaced, and two programs with the same names have their own', async () => {
  const [one, two] = [createRecordedProgram(tf, accumulator), createRecordedProgram(tf, accumulator)];
  await one.write(start);
  await two.write(other);
  const first = runs(one);
  assert.notDeepEqual(runs(two), first);
  await two.write(start);
  assert.deepEqual(runs(two), first);
  for (const program of [one, two]) program.dispose();
});

test('routines share state, and write it stage by stage', async () => {
  for (const create of [createEagerProgram, createRecordedProgram]) {
    const program = create(tf, accumulator);
    await program.write(start);
    assert.deepEqual(program.run('double', {}), {});
    assert.deepEqual(stateOf(program), { total: Float32Array.of(2, -4, 6), fixed: Float32Array.of(8, 9, 10) });
    program.dispose();
  }
});

test('a state that breaks off while it comes changes nothing', async () => {
  const program = createRecordedProgram(tf, accumulator);
  await program.write(start);
  const tensors = tf.memory().numTensors;
  async function* broken(): AsyncGenerator<Part> {
    yield ['total', Float32Array.of(9, 9, 9)];
    throw new Error('the disk is gone');
  }
  await assert.rejects(program.write(broken()), /the disk is gone/);
  assert.deepEqual(stateOf(program), Object.fromEntries(start));
  assert.equal(tf.memory().numTensors, tensors);
  program.dispose();
});

test('the memory of what is written stays the caller’s', async () => {
  const program = createRecordedProgram(tf, accumulator);
  const parts = start.map(([name, values]): Part => [name, values.slice()]);
  await program.write(parts);
  for (const [, values] of parts) values.fill(0);
  assert.deepEqual(stateOf(program), Object.fromEntries(start));
  program.dispose();
});

test('recording computes nothing: a program may be larger than memory while it is recorded', () => {
  const size = 2 ** 34;
  const spec: ProgramSpec = {
    state: { huge: [size] },
    routines: { add: { inputs: {}, update: () => ({ outputs: {}, stages: [] }) } },
  };
  createRecordedProgram(tf, spec).dispose();
});

test('no tensor is left behind', async () => {
  for (const create of [createEagerProgram, createRecordedProgram]) {
    const before = tf.memory().numTensors;
    const program = create(tf, accumulator);
    await program.write(start);
    runs(program);
    const during = tf.memory().numTensors;
    runs(program);
    stateOf(program);
    assert.equal(tf.memory().numTensors, during, create.name);
    program.dispose();
    assert.equal(tf.memory().numTensors, before, create.name);
  }
});

test('recording refuses a program that looks at values, and leaves tfjs as it was', () => {
  const looking: ProgramSpec = {
    state: {},
    routines: {
      look: {
        inputs: { x: { shape: [1], dtype: 'float32' } },
        update: (_, { x }) => ({
          outputs: { y: tf.mul(x as Tensor, (x as Tensor).dataSync()[0] as number) },
          stages: [],
        }),
      },
    },
  };
  assert.throws(() => createRecordedProgram(tf, looking), /looks at a value/);
  assert.deepEqual([...tf.tidy(() => tf.add(tf.tensor1d([1, 2]), 1).dataSync())], [2, 3]);
});

test('missing inputs and state are named', async () => {
  const program = createRecordedProgram(tf, accumulator);
  await assert.rejects(program.write(start.slice(0, 1)), /state fixed is missing/);
  await program.write(start);
  assert.throws(() => program.run('add', { x: Float32Array.of(1, 2, 3) }), /input scale is missing/);
  program.dispose();
});

test('stateless noise is standard normal and a function of its seed', () => {
  tf.tidy(() => {
    const draw = (...seed: [number, number]) =>
      statelessNormal(tf, [20_000], tf.tensor1d(seed, 'int32')).dataSync<'float32'>();
    const noise = draw(1, 2);
    assert.deepEqual(draw(1, 2), noise);
    assert.notDeepEqual(draw(1, 3), noise);
    const mean = noise.reduce((sum, value) => sum + value, 0) / noise.length;
    const square = noise.reduce((sum, value) => sum + value ** 2, 0) / noise.length;
    assert.ok(Math.abs(mean) < 0.03 && Math.abs(square - 1) < 0.05, `mean ${mean}, mean square ${square}`);
  });
});

test('a second thread count in one process is refused', async () => {
  assert.equal(await loadTensorFlow(1), tf);
  await assert.rejects(loadTensorFlow(2), { code: 'EngineUnavailable' });
});

test('sums are taken in the order in which they were written, so that each run gives the same bits', async () => {
  const count = 1000;
  /** TensorFlow could begin with one whose memory may become the sum's: not with the first ones, which are needed besides. */
  const sums: ProgramSpec = {
    state: { x: [count] },
    routines: {
      sum: {
        inputs: {},
        update: ({ x }) => {
          const summands = Array.from({ length: 24 }, (_, i) => tf.sin(tf.mul(x as Tensor, i + 0.7)));
          const first = Object.fromEntries(summands.slice(0, 5).map((summand, i) => [`first${i}`, tf.exp(summand)]));
          return { outputs: { sum: summands.reduce((sum, next) => tf.add(sum, next)), ...first }, stages: [] };
        },
      },
    },
  };
  const x = Float32Array.from({ length: count }, (_, i) => Math.sin(i));
  const [eager, recorded] = [createEagerProgram(tf, sums), createRecordedProgram(tf, sums)];
  for (const program of [eager, recorded]) await program.write([['x', x]]);
  for (let run = 0; run < 20; run++) assert.deepEqual(recorded.run('sum', {}), eager.run('sum', {}));
  for (const program of [eager, recorded]) program.dispose();
});
