import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectiveSettings, overrideOf } from '../../../src/api/effective.ts';
import { parseRun } from '../../../src/api/run.ts';
import { withSpec } from '../../helpers/runs.ts';

const { spec } = parseRun(
  withSpec({
    overrides: [
      { states: '8-9', model: { baseChannels: 16 } },
      { states: '0', training: { images: 5, optimizer: { learningRate: 0.5 } } },
    ],
  }),
);

const settingsOf = (state: number) => effectiveSettings(spec, overrideOf(spec, state));

test('a state without an override has the settings of the run', () => {
  assert.deepEqual(settingsOf(5), { model: spec.model, training: spec.training, podTemplate: undefined });
});

test('an override replaces the fields that it names and no others', () => {
  assert.deepEqual(settingsOf(9).model, { ...spec.model, baseChannels: 16 });
  const { training } = settingsOf(0);
  assert.equal(training.images, 5);
  assert.equal(training.optimizer.learningRate, 0.5);
  assert.equal(training.optimizer.beta1, spec.training.optimizer.beta1);
  assert.equal(training.batchSize, spec.training.batchSize);
});
