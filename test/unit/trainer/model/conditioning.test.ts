import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTensorFlow, type Tensor } from '../../../../src/trainer/engine/tensorflow.ts';
import {
  conditioningOf,
  embeddedTime,
  timestepConditioning,
  unconditioned,
} from '../../../../src/trainer/model/conditioning.ts';
import { createLayers } from '../../../../src/trainer/model/layers.ts';

test('a model of one state is told nothing, one of several its timestep', () => {
  assert.equal(conditioningOf(1, 8), unconditioned);
  assert.equal(conditioningOf(2, 8).kind, 'timestep');
});

test('what tells nothing has no parameters, no inputs and changes nothing', () => {
  assert.deepEqual([unconditioned.parameters(), unconditioned.blockParameters('block', 16)], [[], []]);
  assert.deepEqual([unconditioned.inputs(4), unconditioned.values([{ timestep: 1 }])], [{}, {}]);
});

test('the timestep is one float per sample, and its parameters fit the network', () => {
  const conditioning = timestepConditioning(8);
  assert.deepEqual(conditioning.inputs(2), { timestep: { shape: [2], dtype: 'float32' } });
  assert.deepEqual(conditioning.values([{ timestep: 30 }, { timestep: 999 }]), {
    timestep: Float32Array.of(30, 999),
  });
  const shapes = [...conditioning.parameters(), ...conditioning.blockParameters('block', 16)].map(
    ({ name, shape }) => `${name} ${shape}`,
  );
  assert.deepEqual(shapes, [
    'time.0.w 8,32',
    'time.0.b 32',
    'time.1.w 32,32',
    'time.1.b 32',
    'block.time.w 32,16',
    'block.time.b 16',
  ]);
});

test('equal timesteps add the same to a block, others something else', async () => {
  const tf = await loadTensorFlow(1);
  const conditioning = timestepConditioning(8);
  tf.tidy(() => {
    const specs = [...conditioning.parameters(), ...conditioning.blockParameters('block', 3)];
    const parameters = new Map<string, Tensor>(
      specs.map(({ name, shape }, i) => [name, tf.randomNormal(shape, 0, 0.3, 'float32', i + 1)]),
    );
    const layers = createLayers(tf, (name) => parameters.get(name) ?? assert.fail(name));
    const condition = conditioning.embed(tf, layers, { timestep: tf.tensor1d([5, 700, 5]) });
    const added = condition('block', tf.zeros([3, 2, 2, 3])).arraySync();
    assert.deepEqual(added[0], added[2]);
    assert.notDeepEqual(added[0], added[1]);
    assert.deepEqual(added[0]?.[0]?.[0], added[0]?.[1]?.[1], 'the same at every pixel');
    assert.throws(() => conditioning.embed(tf, layers, {}), /takes a timestep/);
  });
});

test('the same noise has the same embedding for every length of the schedule', () => {
  assert.equal(embeddedTime(500, 1000), 500);
  assert.equal(embeddedTime(50, 100), 500);
});
