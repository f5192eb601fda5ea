import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRun } from '../../../../src/api/run.ts';
import { specSchema } from '../../../../src/api/spec/spec.ts';
import { minimalRun } from '../../../helpers/runs.ts';

test('states, dataset and a volume are enough', () => {
  const { spec } = parseRun(minimalRun());
  assert.equal(spec.schedule.timesteps, 1000);
  assert.equal(spec.training.prediction, 'V');
  assert.deepEqual(spec.overrides, []);
  assert.equal(spec.evaluation, undefined);
});

test('a field that does not exist is refused', () => {
  assert.throws(() => specSchema.parse({ ...minimalRun().spec, trainning: {} }), /trainning/);
});

const refusal = (fields: object) => specSchema.safeParse({ ...minimalRun().spec, ...fields }).error?.issues;

test('a micro-batch divides its batch, also where an override changes one of the two', () => {
  assert.equal(refusal({ training: { batchSize: 12, microBatchSize: 4 } }), undefined);
  const [issue] = refusal({ training: { batchSize: 12, microBatchSize: 5 } }) ?? [];
  assert.deepEqual(
    [issue?.path, /must divide training.batchSize/.test(issue?.message ?? '')],
    [['training', 'microBatchSize'], true],
  );
  const overridden = (training: object) =>
    refusal({ training: { batchSize: 12, microBatchSize: 4 }, overrides: [{ states: '0', training }] });
  assert.equal(overridden({ batchSize: 8 }), undefined);
  assert.equal(overridden({ batchSize: 10, microBatchSize: 0 }), undefined);
  assert.match(overridden({ batchSize: 10 })?.[0]?.message ?? '', /of an override must divide its batchSize/);
  assert.match(overridden({ microBatchSize: 5 })?.[0]?.message ?? '', /of an override must divide its batchSize/);
});

test('the average to sample with is one that every model has', () => {
  const training = { ema: { further: [100, 200] } };
  assert.equal(refusal({ training, sampling: { ema: 2 } }), undefined);
  assert.deepEqual(refusal({ training, sampling: { ema: 3 } })?.[0]?.path, ['sampling', 'ema']);
  assert.match(refusal({ sampling: { ema: 1 } })?.[0]?.message ?? '', /training\.ema\.further/);
  const overrides = [{ states: '0', training: { ema: { further: [100] } } }];
  assert.equal(refusal({ training, overrides, sampling: { ema: 1 } }), undefined);
  assert.ok(refusal({ training, overrides, sampling: { ema: 2 } }));
});
