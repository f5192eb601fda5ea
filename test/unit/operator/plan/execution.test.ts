import assert from 'node:assert/strict';
import { test } from 'node:test';
import { components, labels, retryAnnotation } from '../../../../src/api/names.ts';
import { executionHash, isOutdated } from '../../../../src/operator/plan/execution.ts';
import { modelPlans } from '../../../../src/operator/plan/identity.ts';
import { observeJob } from '../../../../src/operator/plan/observed.ts';
import { runOf, settings } from '../../../helpers/simulation.ts';

const training = { step: 'train', model: undefined } as const;
const hashOf = (execution: object, whose: Parameters<typeof executionHash>[1] = training) =>
  executionHash(runOf({ execution }), whose, settings);

test('how pods run is in the hash; how many run at once and how long the run may take is not', () => {
  const plain = hashOf({});
  for (const execution of [
    { image: 'other' },
    { resources: { limits: { memory: '1Gi' } } },
    { podTemplate: { spec: { nodeSelector: { a: 'b' } } } },
    { steps: { train: { podTemplate: { spec: { nodeSelector: { a: 'b' } } } } } },
    { jobTemplate: { metadata: { labels: { team: 'a' } } } },
    { queueName: 'q' },
    { retries: { perModel: 9 } },
    { deadlines: { modelSeconds: 9 } },
  ])
    assert.notEqual(hashOf(execution), plain, JSON.stringify(execution));
  for (const execution of [{ maxParallel: 1 }, { retries: { total: 99 } }, { deadlines: { runSeconds: 9 } }])
    assert.equal(hashOf(execution), plain, JSON.stringify(execution));
  const run = runOf({ overrides: [{ states: '8', podTemplate: { spec: {} } }] });
  const own = modelPlans(run.spec)[8];
  assert.notEqual(executionHash(run, { step: 'train', model: own }, settings), plain, 'an override’s template');
});

test('the template of a step is in the hashes of its own pods only', () => {
  const execution = { steps: { sample: { podTemplate: { spec: { nodeSelector: { gpu: 'l4' } } } } } };
  const run = runOf({ execution });
  for (const step of components) {
    const hash = executionHash(run, { step, model: undefined }, settings);
    assert.equal(hash === hashOf({}, { step, model: undefined }), step !== 'sample', step);
  }
});

test('a Job is outdated when the run wants other pods, or is asked to try again; one without the label never is', () => {
  const job = (own: Record<string, string>) =>
    observeJob({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'a', labels: own } });
  const run = runOf();
  const made = job({ [labels.execution]: executionHash(run, training, settings) });
  const asked = { ...run, metadata: { ...run.metadata, annotations: { [retryAnnotation]: 'now' } } };
  assert.deepEqual(
    [
      isOutdated(run, made, training, settings),
      isOutdated(asked, made, training, settings),
      isOutdated(asked, job({}), training, settings),
    ],
    [false, true, false],
  );
});
