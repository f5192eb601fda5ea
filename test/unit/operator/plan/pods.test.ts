import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderTermination, type TaskResult } from '../../../../src/api/termination.ts';
import { type ObservedPod, observePod } from '../../../../src/operator/plan/observed.ts';
import { podsByJob, podsOf, resultOf } from '../../../../src/operator/plan/pods.ts';

const said = (result: TaskResult) => renderTermination({ outcome: 'Succeeded', result });
const trained = (digest: string): TaskResult => ({ kind: 'train', digest, images: 1, loss: 0.1 });

function pod(name: string, job: string, second: number, message?: string): ObservedPod {
  const metadata = {
    name,
    labels: { 'batch.kubernetes.io/job-name': job },
    creationTimestamp: new Date(second * 1000).toISOString(),
  };
  const state = message === undefined ? {} : { terminated: { exitCode: 0, message } };
  const status = { phase: 'Succeeded', containerStatuses: [{ name: 'trainer', state }] };
  return observePod({ apiVersion: 'v1', kind: 'Pod', metadata, status });
}
const byJob = (...pods: ObservedPod[]) => podsByJob({ jobs: [], pods, claims: [], progress: new Map() });

test('pods of a Job are its own, the newest first', () => {
  const pods = byJob(pod('old', 'a', 1), pod('other', 'b', 2), pod('new', 'a', 3));
  assert.deepEqual(
    podsOf(pods, 'a').map(({ name }) => name),
    ['new', 'old'],
  );
  assert.deepEqual(podsOf(pods, 'c'), []);
});

test('a result is that of the newest pod that said one of the kind', () => {
  const pods = byJob(
    pod('first', 'a', 1, said(trained('1'))),
    pod('second', 'a', 2, said(trained('2'))),
    pod('killed', 'a', 3, 'Killed'),
    pod('silent', 'a', 4),
  );
  assert.equal(resultOf(pods, 'a', 'train')?.digest, '2');
  assert.equal(resultOf(pods, 'a', 'evaluate'), undefined);
  assert.equal(resultOf(pods, 'b', 'train'), undefined);
});
