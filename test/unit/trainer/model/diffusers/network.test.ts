import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelSchema } from '../../../../../src/api/spec/model.ts';
import { conditioningOf } from '../../../../../src/trainer/model/conditioning.ts';
import { fromDiffusers, toDiffusers } from '../../../../../src/trainer/model/diffusers/network.ts';
import { initialWeights, splitWeights } from '../../../../../src/trainer/model/parameters.ts';
import { parameterSpecs } from '../../../../../src/trainer/model/unet.ts';

test('class tokens lie beside the network, which has a timestep of zeros where ours is told none', () => {
  const model = modelSchema.parse({
    baseChannels: 8,
    channelMultipliers: [1],
    transformerDepths: [1],
    classEmbedding: 'Token',
    classTokenWidth: 6,
  });
  const config = { ...model, imageSize: 8, imageChannels: 1 };
  const conditions = { classes: 3 };
  const specs = parameterSpecs(config, conditioningOf(1, config, conditions));
  const own = new Map(splitWeights(specs, initialWeights(specs, 1)).map((each) => [each.name, each]));
  const exported = toDiffusers(config, 1, conditions, (name) => own.get(name) ?? assert.fail(name));
  assert.equal(exported.config.cross_attention_dim, 6);
  assert.deepEqual(exported.classTokens?.shape, [4, 6]);
  assert.equal(exported.tensors.has('class_embedding.weight'), false);
  assert.ok(exported.tensors.get('time_embedding.linear_1.weight')?.values.every((value) => value === 0));
  const back = fromDiffusers(specs, config, exported, 'weights');
  for (const [name, { values }] of back) assert.deepEqual(values, own.get(name)?.values, name);
  const { classTokens: _, ...without } = exported;
  assert.throws(() => fromDiffusers(specs, config, without, 'weights'), /no class tokens of shape \[4, 6\]/);
});
