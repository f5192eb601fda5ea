import assert from 'node:assert/strict';
import { test } from 'node:test';
import { samplingSchema } from '../../../src/api/spec/sampling.ts';
import { samplers } from '../../../src/diffusion/samplers.ts';

test('there is a sampler for every name that a spec may have, and no other', () => {
  const { sampler } = samplingSchema.unwrap().shape;
  assert.deepEqual(sampler.unwrap().options, Object.keys(samplers));
});
