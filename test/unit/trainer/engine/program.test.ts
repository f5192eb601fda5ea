import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProgramSpec } from '../../../../src/trainer/engine/program.ts';
import { loadTensorFlow, type Tensor } from '../../../../src/trainer/engine/tensorflow.ts';
import { createEagerProgram } from '../../../helpers/eagerProgram.ts';

const tf = await loadTensorFlow(1);

/** total += x; outputs the sum of the total. */
const spec: ProgramSpec = {
  state: { total: [2] },
  routines: {
    add: {
      inputs: { x: { shape: [2], dtype: 'float32' } },
      update({ total }, { x }) {
        const next = tf.add(total as Tensor, x as Tensor);
        return { outputs: { sum: tf.sum(next) }, stages: [() => ({ total: next })] };
      },
    },
  },
};

test('a program carries its state from call to call', async () => {
  const program = createEagerProgram(tf, spec);
  await program.write([['total', Float32Array.of(1, 2)]]);
  const x = Float32Array.of(10, 20);
  assert.deepEqual(
    [program.run('add', { x }).sum, program.run('add', { x }).sum],
    [Float32Array.of(33), Float32Array.of(63)],
  );
  assert.deepEqual([...program.read(['total'])], [['total', Float32Array.of(21, 42)]]);
  program.dispose();
});

test('a missing input or part of the state is named, and so is one that is none', async () => {
  const program = createEagerProgram(tf, spec);
  await assert.rejects(program.write([]), /state total is missing/);
  await assert.rejects(program.write([['other', Float32Array.of(1)]]), /state other is none/);
  await program.write([['total', Float32Array.of(1, 2)]]);
  assert.throws(() => program.run('add', {}), /input x is missing/);
  program.dispose();
});
