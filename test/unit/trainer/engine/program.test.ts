import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProgramSpec } from '../../../../src/trainer/engine/program.ts';
import { loadTensorFlow, type Tensor } from '../../../../src/trainer/engine/tensorflow.ts';
import { createEagerProgram } from '../../../helpers/eagerProgram.ts';

const tf = await loadTensorFlow(1);

/** total += x; outputs the sum of the total. */
const spec: ProgramSpec = {
  state: { total: [2] },
  inputs: { x: { shape: [2], dtype: 'float32' } },
  update({ total }, { x }) {
    const next = tf.add(total as Tensor, x as Tensor);
    return { outputs: { sum: tf.sum(next) }, state: { total: next } };
  },
};

test('a program carries its state from call to call', () => {
  const program = createEagerProgram(tf, spec);
  program.write({ total: Float32Array.of(1, 2) });
  const x = Float32Array.of(10, 20);
  assert.deepEqual([program.run({ x }).sum, program.run({ x }).sum], [Float32Array.of(33), Float32Array.of(63)]);
  assert.deepEqual(program.read(), { total: Float32Array.of(21, 42) });
  program.dispose();
});

test('a missing input or part of the state is named', () => {
  const program = createEagerProgram(tf, spec);
  assert.throws(() => program.write({}), /state total is missing/);
  program.write({ total: Float32Array.of(1, 2) });
  assert.throws(() => program.run({}), /input x is missing/);
  program.dispose();
});
