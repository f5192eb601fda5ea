import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelSchema } from '../../../../src/api/spec/model.ts';
import { loadTensorFlow, type Tensor, type Tensor4D } from '../../../../src/trainer/engine/tensorflow.ts';
import {
  type Conditioning,
  conditioningOf,
  embeddedTime,
  unconditioned,
} from '../../../../src/trainer/model/conditioning.ts';
import { createLayers } from '../../../../src/trainer/model/layers.ts';

const tf = await loadTensorFlow(1);
const model = (fields: object = {}) => modelSchema.parse({ baseChannels: 8, ...fields });
const token = model({ classEmbedding: 'Token', classTokenWidth: 6 });

const layersOf = (conditioning: Conditioning) => {
  const specs = [...conditioning.parameters(), ...conditioning.blockParameters('block', 3)];
  const parameters = new Map<string, Tensor>(
    specs.map(({ name, shape }, i) => [name, tf.randomNormal(shape, 0, 0.3, 'float32', i + 1)]),
  );
  return createLayers(tf, (name) => parameters.get(name) ?? assert.fail(name));
};

const shapesOf = (conditioning: Conditioning) =>
  [...conditioning.parameters(), ...conditioning.blockParameters('block', 16)].map(
    ({ name, shape }) => `${name} ${shape}`,
  );

test('a model of one state is told nothing, one of several its timestep', () => {
  assert.equal(conditioningOf(1, model(), {}), unconditioned);
  assert.equal(conditioningOf(2, model(), {}).kind, 'timestep');
  assert.equal(conditioningOf(1, model({ timeEmbedding: 'Always' }), {}).kind, 'timestep');
});

test('what tells nothing has no parameters, no inputs and changes nothing', () => {
  assert.deepEqual([unconditioned.parameters(), unconditioned.blockParameters('block', 16)], [[], []]);
  assert.deepEqual([unconditioned.inputs(4), unconditioned.values([{ timestep: 1, label: 3 }])], [{}, {}]);
});

test('the timestep is one float per sample, and its parameters fit the network', () => {
  const conditioning = conditioningOf(2, model(), {});
  assert.deepEqual(conditioning.inputs(2), { timestep: { shape: [2], dtype: 'float32' } });
  assert.deepEqual(conditioning.values([{ timestep: 30 }, { timestep: 999 }]), {
    timestep: Float32Array.of(30, 999),
  });
  assert.deepEqual(shapesOf(conditioning), [
    'time.0.w 8,32',
    'time.0.b 32',
    'time.1.w 32,32',
    'time.1.b 32',
    'block.time.w 32,16',
    'block.time.b 16',
  ]);
});

test('equal conditions add the same to a block, others something else', () => {
  const told = [{ timestep: 5 }, { timestep: 700 }, { timestep: 5 }, { timestep: 5, label: 1 }];
  for (const [states, conditions] of [
    [2, {}],
    [2, { classes: 2 }],
    [1, { classes: 2 }],
  ] as const) {
    tf.tidy(() => {
      const conditioning = conditioningOf(states, model(), conditions);
      const values = conditioning.values(told);
      const inputs = Object.fromEntries(
        Object.entries(conditioning.inputs(4)).map(([name, { shape, dtype }]) => [
          name,
          tf.tensor(values[name] ?? assert.fail(name), shape, dtype),
        ]),
      );
      const { residual, context } = conditioning.embed(tf, layersOf(conditioning), inputs);
      const added = (residual('block', tf.zeros([4, 2, 2, 3])) as Tensor4D).arraySync();
      assert.equal(context, undefined);
      assert.deepEqual(added[0], added[2]);
      assert.equal(JSON.stringify(added[0]) === JSON.stringify(added[1]), states === 1, 'told the timestep');
      assert.equal(JSON.stringify(added[0]) === JSON.stringify(added[3]), !('classes' in conditions), 'told the class');
      assert.deepEqual(added[0]?.[0]?.[0], added[0]?.[1]?.[1], 'the same at every pixel');
      for (const name of Object.keys(inputs))
        assert.throws(
          () => conditioning.embed(tf, layersOf(conditioning), { ...inputs, [name]: undefined as never }),
          new RegExp(`takes a ${name}`),
        );
    });
  }
});

test('a class is one of the data’s, or the null class, which is the last row', () => {
  const added = conditioningOf(1, model(), { classes: 10 });
  assert.deepEqual(added.values([{ timestep: 0, label: 3 }, { timestep: 0 }, { timestep: 0, label: 10 }]), {
    label: Int32Array.of(3, 10, 10),
  });
  assert.deepEqual(added.inputs(3), { label: { shape: [3], dtype: 'int32' } });
  assert.deepEqual(shapesOf(added), ['class.w 11,32', 'block.time.w 32,16', 'block.time.b 16']);
  for (const label of [-1, 11, 0.5]) assert.throws(() => added.values([{ timestep: 0, label }]), /no label of 10/);
  assert.equal(conditioningOf(1, model({ classEmbedding: 'None' }), { classes: 10 }), unconditioned);
});

test('a class as a token is its row of the table, and adds nothing to blocks', () => {
  const conditioning = conditioningOf(1, token, { classes: 4 });
  assert.deepEqual([conditioning.contextTokens, conditioning.contextWidth], [1, 6]);
  assert.deepEqual(shapesOf(conditioning), ['class.w 5,6']);
  tf.tidy(() => {
    const layers = layersOf(conditioning);
    const { residual, context } = conditioning.embed(tf, layers, { label: tf.tensor1d([2, 4], 'int32') });
    assert.deepEqual(context?.shape, [2, 1, 6]);
    const table = layers.parameter('class.w').arraySync() as number[][];
    assert.deepEqual(context?.squeeze().arraySync(), [table[2], table[4]]);
    const h = tf.zeros([2, 1, 1, 3]) as Tensor4D;
    assert.equal(residual('block', h), h);
  });
});

test('a context is what cross-attention looks at, none is zeros, and a class token comes before it', () => {
  const conditions = { classes: 4, context: { tokens: 2, width: 3 } };
  const plain = conditioningOf(1, model({ classEmbedding: 'None' }), conditions);
  const values = Float32Array.of(1, 2, 3, 4, 5, 6);
  assert.deepEqual(plain.values([{ timestep: 0 }, { timestep: 0, context: values }]), {
    context: Float32Array.of(0, 0, 0, 0, 0, 0, ...values),
  });
  assert.throws(() => plain.values([{ timestep: 0, context: Float32Array.of(1) }]), /2 tokens of 3/);
  const both = conditioningOf(1, token, conditions);
  assert.deepEqual([both.contextTokens, both.contextWidth], [3, 3]);
  tf.tidy(() => {
    const inputs = { label: tf.tensor1d([0], 'int32'), context: tf.tensor3d(values, [1, 2, 3]) };
    const { context } = both.embed(tf, layersOf(both), inputs);
    assert.deepEqual([...(context?.dataSync() ?? [])].slice(3), [...values]);
  });
});

test('the same noise has the same embedding for every length of the schedule', () => {
  assert.equal(embeddedTime(500, 1000), 500);
  assert.equal(embeddedTime(50, 100), 500);
});
