import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../../../src/operator/kube/cluster.ts';
import { observePod } from '../../../../src/operator/plan/observed.ts';

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
