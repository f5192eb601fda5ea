import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelSchema } from '../../../../../src/api/spec/model.ts';
import { conditioningOf } from '../../../../../src/trainer/model/conditioning.ts';
import { fromTheirs, theirTensors, toTheirs } from '../../../../../src/trainer/model/diffusers/layout.ts';
import { sizeOf } from '../../../../../src/trainer/model/parameters.ts';
import { parameterSpecs } from '../../../../../src/trainer/model/unet.ts';

const counting = (count: number) => Float32Array.from({ length: count }, (_, i) => i);

test('kernels and matrices have their output first, and products of several are taken apart', () => {
  const kernel = { name: 'in.w', shape: [1, 2, 1, 2], initial: { kind: 'zeros' } } as const;
  assert.deepEqual(toTheirs({ ...kernel, shape: [...kernel.shape] }, counting(4), 1), [
    ['conv_in.weight', { shape: [2, 1, 1, 2], values: Float32Array.of(0, 2, 1, 3) }],
  ]);
  const both = { name: 'middle.0.transformer.0.cross.kv.w', shape: [2, 2], initial: { kind: 'zeros' as const } };
  assert.deepEqual(
    toTheirs(both, counting(4), 1).map(([, { values }]) => [...values]),
    [
      [0, 2],
      [1, 3],
    ],
  );
});

test('every parameter of every kind of network goes there and comes back', () => {
  for (const model of [
    { attentionResolutions: [4], channelMultipliers: [1, 2] },
    { transformerDepths: [1, 2], channelMultipliers: [1, 2] },
    { transformerDepths: [1], channelMultipliers: [1], projections: 'Linear' },
  ]) {
    const config = { ...modelSchema.parse({ baseChannels: 8, ...model }), imageSize: 8, imageChannels: 1 };
    const levels = config.channelMultipliers.length;
    const told = { classes: 3, context: { tokens: 2, width: 6 } };
    for (const spec of parameterSpecs(config, conditioningOf(2, config, told))) {
      const values = counting(sizeOf(spec.shape));
      const theirs = toTheirs(spec, values, levels);
      assert.deepEqual(
        theirs.map(([name, { shape }]) => ({ name, shape })),
        theirTensors(spec, levels),
      );
      const back = fromTheirs(spec, levels, (name) => new Map(theirs).get(name)?.values ?? assert.fail(name));
      assert.deepEqual(back, values, spec.name);
    }
  }
});
