import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labels, retryAnnotation } from '../../../../src/api/names.ts';
import { executionHash, isOutdated } from '../../../../src/operator/plan/execution.ts';
import { observeJob } from '../../../../src/operator/plan/observed.ts';
import { runOf, settings } from '../../../helpers/simulation.ts';

const hashOf = (execution: object) => executionHash(runOf({ execution }), undefined, settings);

test('how pods run is in the hash; how many run at once and how long the run may take is not', () => {
  const plain = hashOf({});
  for (const execution of [
    { image: 'other' },
    { resources: { limits: { memory: '1Gi' } } },
    { podTemplate: { spec: { nodeSelector: { a: 'b' } } } },
    { jobTemplate: { metadata: { labels: { team: 'a' } } } },
    { queueName: 'q' },
    { retries: { perModel: 9 } },
    { deadlines: { modelSeconds: 9 } },
  ])
    assert.notEqual(hashOf(execution), plain, JSON.stringify(execution));
  for (const execution of [{ maxParallel: 1 }, { retries: { total: 99 } }, { deadlines: { runSeconds: 9 } }])
    assert.equal(hashOf(execution), plain, JSON.stringify(execution));
  assert.notEqual(executionHash(runOf(), { spec: {} }, settings), plain, 'an override’s template');
});

test('a Job is outdated when the run wants other pods, or is asked to try again; one without the label never is', () => {
  const job = (own: Record<string, string>) =>
    observeJob({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'a', labels: own } });
  const run = runOf();
  const made = job({ [labels.execution]: executionHash(run, undefined, settings) });
  const asked = { ...run, metadata: { ...run.metadata, annotations: { [retryAnnotation]: 'now' } } };
  assert.deepEqual(
    [
      isOutdated(run, made, undefined, settings),
      isOutdated(asked, made, undefined, settings),
      isOutdated(asked, job({}), undefined, settings),
    ],
    [false, true, false],
  );
});
