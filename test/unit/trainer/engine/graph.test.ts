import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backendOf } from '../../../../src/trainer/engine/backend.ts';
import { attributes, GraphBuilder } from '../../../../src/trainer/engine/graph.ts';
import { loadTensorFlow } from '../../../../src/trainer/engine/tensorflow.ts';

const backend = backendOf(await loadTensorFlow(1));
const { TF_ATTR_BOOL, TF_ATTR_INT } = backend.binding;

test('nodes are named by their number, and a model is one graph of them', () => {
  const graph = new GraphBuilder(backend);
  const x = graph.placeholder('x', 'float32', [2, 3]);
  const two = graph.constant('float32', [], Float32Array.of(2));
  const product = graph.add('Mul', [x, two], { T: attributes.type('float32') });
  assert.deepEqual([x, two, product, graph.size], ['x', 'n1', 'n2', 3]);
  const bytes = graph.toSavedModel();
  for (const word of ['Placeholder', 'Const', 'Mul', 'serve']) assert.ok(Buffer.from(bytes).includes(word), word);
});

test('an attribute of an eager op becomes one of a node; one that a graph cannot hold is refused by name', () => {
  const graph = new GraphBuilder(backend);
  graph.addExecuted(
    'Conv2D',
    ['a', 'b'],
    [
      { name: 'use_cudnn_on_gpu', type: TF_ATTR_BOOL, value: true },
      { name: 'strides', type: TF_ATTR_INT, value: [1, 2, 2, 1] },
    ],
  );
  assert.equal(graph.size, 1);
  assert.throws(() => graph.addExecuted('Mul', [], [{ name: 'odd', type: 99, value: 1 }]), /attribute odd has type 99/);
});
