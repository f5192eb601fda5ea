import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  decoderStages,
  encoderStages,
  stageParameters,
} from '../../../../../src/trainer/model/autoencoder/structure.ts';
import { autoencoderFixture, formulaTensors, parseConfig } from '../../../../helpers/autoencoder.ts';

test('has the tensors of diffusers, under their names, each once', () => {
  for (const { config, names } of Object.values(autoencoderFixture().models))
    assert.deepEqual([...formulaTensors(parseConfig(config)).keys()].sort(), names);
});

test('halves and doubles once for every block after the first, and ends with the moments or the picture', () => {
  const config = parseConfig(autoencoderFixture().models.deep.config);
  const [encoder, decoder] = [encoderStages(config), decoderStages(config)];
  assert.equal(encoder.filter(({ kind }) => kind === 'down').length, 2);
  assert.equal(decoder.filter(({ kind }) => kind === 'up').length, 2);
  const outputs = [encoder, decoder].map((stages) => stageParameters(stages).at(-1)?.shape);
  assert.deepEqual(outputs, [[4], [1]]);
});
