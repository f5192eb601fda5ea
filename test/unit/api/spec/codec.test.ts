import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codecSchema, encodes, networkShape } from '../../../../src/api/spec/codec.ts';
import { specSchema } from '../../../../src/api/spec/spec.ts';
import { everything } from '../../../helpers/everything.ts';
import { testRefusals } from '../../../helpers/refusals.ts';
import { minimalRun } from '../../../helpers/runs.ts';

testRefusals('spec.codec');

test('networks see the pixels, or latents of the size and channels that the codec has', () => {
  const image = { size: 64, channels: 3 } as const;
  const weights = { volume: { claimName: 'codec' } };
  assert.deepEqual(networkShape(image, codecSchema.parse({})), image);
  const codec = codecSchema.parse({ name: 'AutoencoderKL', weights });
  assert.deepEqual(networkShape(image, codec), { size: 8, channels: 4 });
});

test('images are encoded where there is an autoencoder and no latents', () => {
  const spec = specSchema.parse(everything);
  assert.equal(encodes(spec), false);
  assert.equal(encodes({ ...spec, dataset: { ...spec.dataset, latents: undefined } }), true);
  assert.equal(encodes(specSchema.parse(minimalRun().spec)), false);
});
