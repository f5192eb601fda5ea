import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backendOf, typeAttribute } from '../../../../src/trainer/engine/backend.ts';
import { createBrainFloatAdder } from '../../../../src/trainer/engine/brainFloat.ts';
import { GraphBuilder } from '../../../../src/trainer/engine/graph.ts';
import { createHollowTensors, record } from '../../../../src/trainer/engine/recording.ts';
import { loadTensorFlow, type Tensor, type Tensor4D } from '../../../../src/trainer/engine/tensorflow.ts';
import { normalizeGroups } from '../../../../src/trainer/model/groupNorm.ts';

const tf = await loadTensorFlow(1);
const backend = backendOf(tf);

/** Ops of a graph with what they come from. */
class Spy extends GraphBuilder {
  readonly added: { op: string; inputs: readonly string[]; name: string }[] = [];
  override add(
    op: string,
    inputs: readonly string[],
    values: Parameters<GraphBuilder['add']>[2],
    own?: string,
  ): string {
    const name = super.add(op, inputs, values, own);
    this.added.push({ op, inputs, name });
    return name;
  }
}

/** Records what `body` does with tensors of some shapes. */
function recorded(shapes: Record<string, number[]>, body: (tensors: Record<string, Tensor>) => unknown) {
  const graph = new Spy(backend);
  const hollow = createHollowTensors(backend);
  const add = createBrainFloatAdder(graph);
  const names = new Map<object, string>();
  tf.tidy(() => {
    const tensors = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, hollow.make(shape)]));
    for (const [name, tensor] of Object.entries(tensors)) names.set(tensor.dataId, name);
    const recording = {
      graph,
      names,
      after: [],
      add: (
        op: string,
        inputs: readonly string[],
        values: Parameters<typeof add>[2],
        infos: Parameters<typeof add>[3],
      ) => add(op, inputs, values, infos, []),
    };
    record(backend, hollow, recording, () => void body(tensors));
  });
  const opOf = (node: string) => graph.added.find(({ name }) => name === node)?.op ?? node;
  return graph.added.map(({ op, inputs }) => [op, ...inputs.map(opOf)]);
}

const products = ['Conv2D', 'Conv2DBackpropFilter', 'Conv2DBackpropInput', 'BatchMatMulV2'];

test('convolutions and matrix products, and those of their gradients, take and give casts', () => {
  const shapes = { x: [2, 4, 4, 3], w: [3, 3, 3, 5], q: [2, 6, 4] };
  const ops = recorded(shapes, ({ x, w, q }) => {
    tf.grads((image, kernel) => tf.sum(tf.square(tf.conv2d(image as Tensor4D, kernel as Tensor4D, 1, 'same'))))([
      x as Tensor,
      w as Tensor,
    ]);
    tf.grad((rows) => tf.sum(tf.softmax(tf.matMul(rows as never, rows as never, false, true))))(q as Tensor);
  });
  for (const product of products) {
    const found = ops.filter(([op]) => op === product);
    assert.ok(found.length > 0, `${product} is there`);
    for (const [, ...inputs] of found) {
      assert.equal(inputs.filter((input) => input === 'Cast').length, 2, `${product} takes ${inputs}`);
      assert.ok(inputs.every((input) => input === 'Cast' || input === 'Const'));
    }
  }
  const others = ops.filter(([op]) => !products.includes(op as string) && op !== 'Cast');
  assert.ok(others.some(([op]) => op === 'Softmax') && others.some(([op]) => op === 'Square'));
});

test('norms stay exact: their sums over pixels are no products', () => {
  const ops = recorded({ x: [2, 4, 4, 8], g: [8], s: [8] }, ({ x, g, s }) => {
    tf.grads((image, gain, shift) =>
      tf.sum(tf.square(normalizeGroups(tf, image as Tensor4D, gain as Tensor, shift as Tensor, 4))),
    )([x, g, s] as Tensor[]);
  });
  const sums = ops.filter(([op]) => op === 'BatchMatMulV2');
  assert.ok(sums.length > 0);
  for (const [, ...inputs] of sums) assert.ok(!inputs.includes('Cast'), `${inputs}`);
});

test('a value that two products take is cast once', () => {
  const graph = new Spy(backend);
  const add = createBrainFloatAdder(graph);
  const float = [typeAttribute(backend, 'T', backend.binding.TF_FLOAT)];
  const matrix = { dataId: {}, shape: [4, 4], dtype: 'float32' as const };
  for (const other of ['b', 'c']) add('BatchMatMulV2', ['a', other], float, [matrix, matrix], ['^before']);
  const casts = graph.added.filter(({ op }) => op === 'Cast');
  assert.deepEqual(
    casts.map(({ inputs }) => inputs[0]).filter((input) => input === 'a'),
    ['a'],
  );
  assert.equal(casts.length, 3 + 2, 'of three inputs and two products');
  assert.ok(graph.added.every(({ inputs }) => inputs.at(-1) === '^before'));
});
