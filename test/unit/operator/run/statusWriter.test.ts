import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunStatus } from '../../../../src/api/status.ts';
import type { Cluster, KubeObject } from '../../../../src/operator/kube/cluster.ts';
import { StatusWriter } from '../../../../src/operator/run/statusWriter.ts';
import { ManualClock } from '../../../helpers/manualClock.ts';

const run: KubeObject = { apiVersion: 'v1', kind: 'Run', metadata: { namespace: 'n', name: 'digits', uid: 'u' } };
const training = (images: number): RunStatus => ({
  phase: 'Training',
  progress: { images, imagesTotal: 10, percent: images * 10 },
});

function writer() {
  const clock = new ManualClock();
  const written: unknown[] = [];
  const apply = async (_type: unknown, object: KubeObject) => {
    written.push(object.status);
    return object;
  };
  const statuses = new StatusWriter({ apply } as unknown as Cluster, clock, () => {});
  return { clock, written, statuses };
}

test('an equal status is not written', async () => {
  const { written, statuses } = writer();
  await statuses.write(run, training(1), training(1));
  assert.deepEqual(written, []);
});

test('progress alone is written every ten seconds at most, anything else at once', async () => {
  const { clock, written, statuses } = writer();
  await statuses.write(run, training(1), training(2));
  await statuses.write(run, training(2), training(3));
  assert.equal(written.length, 1);
  await statuses.write(run, training(2), { ...training(3), phase: 'Failed' });
  assert.equal(written.length, 2);
  await clock.advance(10_000);
  await statuses.write(run, training(3), training(4));
  assert.equal(written.length, 3);
});
