import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelSchema } from '../../../../src/api/spec/model.ts';
import { loadTensorFlow, type Tensor } from '../../../../src/trainer/engine/tensorflow.ts';
import { classAdded, classToken, contextTokens, timestepAdded } from '../../../../src/trainer/model/conditions.ts';
import { createLayers } from '../../../../src/trainer/model/layers.ts';

const tf = await loadTensorFlow(1);

test('the table of classes learns the rows that were looked up, and no others', () => {
  tf.tidy(() => {
    const part = classToken(4, 6);
    const gradient = tf.grad((table) => {
      const layers = createLayers(tf, () => table as Tensor);
      return tf.sum(part.embed(tf, layers, tf.tensor1d([2, 4, 2], 'int32')));
    })(tf.zeros([5, 6]));
    assert.deepEqual(tf.sum(gradient, 1).arraySync(), [0, 0, 12, 0, 6]);
  });
});

test('parts say where they go, and how wide they are', () => {
  const parts = [
    timestepAdded(modelSchema.parse({ baseChannels: 8 }), 32),
    classAdded(4, 32),
    classToken(4, 6),
    contextTokens(7, 6),
  ];
  assert.deepEqual(
    parts.map(({ into, width, tokens }) => [into, width, tokens]),
    [
      ['blocks', 32, 0],
      ['blocks', 32, 0],
      ['context', 6, 1],
      ['context', 6, 7],
    ],
  );
});
