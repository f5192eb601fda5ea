import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../../../src/operator/kube/client.ts';
import { keepOfJob } from '../../../../src/operator/plan/kept.ts';
import { observeJob, observePod } from '../../../../src/operator/plan/observed.ts';
import { job } from '../../../helpers/storedJob.ts';

const podOf = (status: object): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', labels: {} },
  status,
});

test('the termination message is the trainer’s, whatever containers run beside it', () => {
  const ended = (name: string, exitCode: number) => ({
    name,
    state: { terminated: { exitCode, reason: 'Completed', message: name } },
  });
  const { terminated } = observePod(
    podOf({ phase: 'Succeeded', containerStatuses: [ended('a-logger', 143), ended('trainer', 0)] }),
  );
  assert.deepEqual(terminated, { exitCode: 0, reason: 'Completed', message: 'trainer' });
});

test('a pod that cannot start tells why, whichever container it is', () => {
  const waits = (name: string, reason: string) => ({ name, state: { waiting: { reason, message: name } } });
  const images = observePod(
    podOf({
      phase: 'Pending',
      initContainerStatuses: [waits('fetch', 'ErrImagePull')],
      containerStatuses: [waits('trainer', 'PodInitializing')],
    }),
  );
  assert.deepEqual(images.blocked, { reason: 'ImagePullBackOff', message: 'fetch' });
  const normal = observePod(podOf({ phase: 'Pending', containerStatuses: [waits('trainer', 'ContainerCreating')] }));
  assert.equal(normal.blocked, undefined);
});

test('a pod that ended before it had a container is a failed one', () => {
  const { terminated } = observePod(podOf({ phase: 'Failed', reason: 'Evicted', message: 'disk', startTime: null }));
  assert.deepEqual(terminated, { exitCode: -1, reason: 'Evicted', message: 'disk' });
});

test('an object is read once', () => {
  assert.equal(observeJob(job), observeJob(job));
  assert.notEqual(observeJob(job), observeJob({ ...job }));
});

test('a Job is idle since its controller last spoke of it, unless pods are at work or it has just been told to go on', () => {
  const at = (time: string, subresource?: string) => ({ manager: 'm', time, subresource, fieldsV1: { 'f:a': {} } });
  const managedFields = [
    at('2026-01-01T00:09:00Z'),
    at('2026-01-01T00:00:05Z', 'status'),
    at('2026-01-01T00:00:01Z', 'status'),
  ];
  const idleSince = (status: object, fields: object[] = managedFields) => {
    const object = { ...job, metadata: { ...job.metadata, managedFields: fields }, status } as KubeObject;
    const kept = observeJob(keepOfJob(object)).idleSince;
    assert.equal(observeJob(object).idleSince, kept, 'what is held says the same');
    return kept;
  };
  assert.equal(idleSince({}), '2026-01-01T00:00:05Z');
  assert.equal(idleSince({ active: 1 }), undefined);
  assert.equal(idleSince({ conditions: [{ type: 'Suspended', status: 'True' }] }), undefined);
  assert.equal(idleSince({}, []), undefined);
});
