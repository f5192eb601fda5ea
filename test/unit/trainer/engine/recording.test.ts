import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backendOf } from '../../../../src/trainer/engine/backend.ts';
import { GraphBuilder } from '../../../../src/trainer/engine/graph.ts';
import { createHollowTensors, record } from '../../../../src/trainer/engine/recording.ts';
import { loadTensorFlow } from '../../../../src/trainer/engine/tensorflow.ts';

const tf = await loadTensorFlow(1);
const backend = backendOf(tf);

test('a recording has the ops, what they come from and what they wait for, and shapes, but no values', () => {
  tf.tidy(() => {
    const hollow = createHollowTensors(backend);
    const x = hollow.make([2, 3]);
    const added: unknown[] = [];
    const graph = new GraphBuilder(backend);
    const names = new Map<object, string>([[x.dataId, 'x']]);
    const recording = {
      graph,
      names,
      after: [],
      add(op: string, inputs: readonly string[]) {
        added.push([op, inputs[0]]);
        return `${op}-node`;
      },
    };
    const before = tf.memory().numBytes;
    const y = record(backend, hollow, recording, () => {
      const squared = tf.square(x);
      const [first] = tf.split(squared, [1, 2], 1) as [typeof squared];
      return tf.greater(tf.matMul(first as never, first as never, true), 0);
    });
    assert.deepEqual(y.shape, [1, 1]);
    assert.deepEqual(added.slice(0, 3), [
      ['Square', 'x'],
      ['SplitV', 'Square-node'],
      ['BatchMatMulV2', 'SplitV-node'],
    ]);
    assert.ok(tf.memory().numBytes >= before);
    assert.throws(() => x.dataSync());
  });
});

test('tfjs is as it was after a recording that failed', () => {
  const { executeSingleOutput, readSync } = backend;
  const recording = { graph: new GraphBuilder(backend), names: new Map(), after: [], add: () => '' };
  const fail = () => {
    throw new Error('in the middle');
  };
  assert.throws(() => record(backend, createHollowTensors(backend), recording, fail), /in the middle/);
  assert.equal(backend.executeSingleOutput, executeSingleOutput);
  assert.equal(backend.readSync, readSync);
});
