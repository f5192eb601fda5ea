import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunStatus } from '../../../../src/api/status.ts';
import type { Client, KubeObject } from '../../../../src/operator/kube/client.ts';
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
  const statuses = new StatusWriter({ apply } as unknown as Client, clock, () => {});
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

test('changes are written once a second, the last of them too; an end is written at once', async () => {
  const { clock, written, statuses } = writer();
  const done = (count: number): RunStatus => ({
    phase: 'Training',
    models: { total: 9, pending: 0, active: 9 - count, done: count, failed: 0, summary: '', retries: 0, states: {} },
  });
  assert.equal(await statuses.write(run, undefined, done(0)), 0);
  await clock.advance(400);
  assert.equal(await statuses.write(run, done(0), done(1)), 600, 'when to come back');
  await clock.advance(600);
  assert.equal(await statuses.write(run, done(0), done(2)), 0);
  assert.equal(await statuses.write(run, done(2), { ...done(3), phase: 'Complete' }), 0);
  assert.equal(written.length, 3);
  const stalled = {
    type: 'Stalled',
    status: 'True',
    reason: 'ChildRefused',
    message: '',
    lastTransitionTime: '',
  } as const;
  assert.equal(await statuses.write(run, done(3), { ...done(3), conditions: [stalled] }), 0);
  assert.equal(written.length, 4);
});

test('a clock that is set back holds no status up', async () => {
  const { clock, written, statuses } = writer();
  await statuses.write(run, training(1), training(2));
  clock.jump(-3_600_000);
  await clock.advance(10_000);
  await statuses.write(run, training(2), training(3));
  assert.equal(written.length, 2);
});
