import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFinished, viewJob, viewPod } from '../../../src/local/jobObjects.ts';

const metadata = { namespace: 'n', name: 'a' };

test('a Job without a status has Kubernetes’ defaults', () => {
  const job = viewJob({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata,
    spec: { template: { spec: { containers: [] } } },
  });
  const { backoffLimit, completions, parallelism, suspend } = job.spec;
  assert.deepEqual([backoffLimit, completions, parallelism, suspend], [6, 1, 1, false]);
  assert.deepEqual([job.status.failed, isFinished(job)], [0, false]);
});

test('a Job is finished by its condition Complete or Failed, not by one about to be', () => {
  for (const [type, status, finished] of [
    ['Complete', 'True', true],
    ['Failed', 'True', true],
    ['Failed', 'False', false],
    ['FailureTarget', 'True', false],
  ] as const) {
    const condition = { type, status, reason: '', message: '', lastTransitionTime: '' };
    const object = { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { template: { spec: { containers: [] } } } };
    assert.equal(isFinished(viewJob({ ...object, status: { conditions: [condition] } })), finished, type);
  }
});

test('a pod tells its index, and which container has ended how', () => {
  const terminated = { exitCode: 75, finishedAt: '2026-01-01T00:00:00Z' };
  const pod = viewPod({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, annotations: { 'batch.kubernetes.io/job-completion-index': '3' } },
    status: {
      phase: 'Failed',
      containerStatuses: [
        { name: 'sidecar', state: {} },
        { name: 'trainer', state: { terminated } },
      ],
    },
  });
  assert.deepEqual([pod.index, pod.failed, pod.working], [3, true, false]);
  assert.deepEqual(pod.ended, { container: 'trainer', exitCode: 75, at: Date.parse('2026-01-01T00:00:00Z') });
});

test('a pod without a status waits', () => {
  const pod = viewPod({ apiVersion: 'v1', kind: 'Pod', metadata });
  assert.deepEqual([pod.working, pod.index, pod.ended], [true, 0, undefined]);
});
