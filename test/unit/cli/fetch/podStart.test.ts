import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refused, untilRunning } from '../../../../src/cli/fetch/podStart.ts';
import { ApiError, type KubeObject } from '../../../../src/operator/kube/client.ts';
import { ManualClock } from '../../../helpers/manualClock.ts';

const pod: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'n', uid: 'u' } };
const waiting = (reason: string, message: string) => ({
  phase: 'Pending',
  containerStatuses: [{ name: 'reader', state: { waiting: { reason, message } } }],
});
const unscheduled = {
  phase: 'Pending',
  conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no node' }],
};

/** Waits, seeing a pod's statuses one after the other, the last one for ever. @returns seconds that it took, and notes */
async function waitFor(statuses: (object | undefined)[], events: object[] = []) {
  const clock = new ManualClock();
  const notes: string[] = [];
  let looks = 0;
  const client = {
    get: async () => {
      const status = statuses[Math.min(looks++, statuses.length - 1)];
      return status && { ...pod, status };
    },
    list: async () => ({ items: events as KubeObject[], resourceVersion: '' }),
  };
  let over = false;
  const pending = untilRunning(pod, { client, clock, note: (text) => notes.push(text) }).finally(() => {
    over = true;
  });
  pending.catch(() => {});
  let seconds = 0;
  while (!over) {
    await clock.advance(500);
    await new Promise(setImmediate);
    seconds += 0.5;
  }
  await pending.catch((error: unknown) => Promise.reject(Object.assign(error as Error, { seconds, notes })));
  return { seconds, notes };
}

test('a pod that runs is there, though it was held up for a while', async () => {
  const { notes } = await waitFor([{ phase: 'Pending' }, unscheduled, unscheduled, { phase: 'Running' }]);
  assert.deepEqual(notes, ['the pod that reads the claim waits: Unschedulable: no node']);
});

test('what rarely passes is waited for half a minute, a node for five', async () => {
  const image = waiting('ImagePullBackOff', 'not found');
  await assert.rejects(waitFor([image]), (error: { code: string; message: string; seconds: number }) => {
    assert.equal(error.code, 'PodNotStarted');
    assert.match(error.message, /cannot start: ImagePullBackOff: not found/);
    return error.seconds > 29 && error.seconds < 33;
  });
  await assert.rejects(
    waitFor([unscheduled]),
    (error: { message: string; seconds: number }) => /no node/.test(error.message) && error.seconds > 299,
  );
});

test('what only events tell is found there', async () => {
  const event = { type: 'Warning', reason: 'FailedMount', message: 'in use', involvedObject: { uid: 'u' } };
  await assert.rejects(waitFor([{ phase: 'Pending' }], [event, { ...event, involvedObject: { uid: 'other' } }]), {
    code: 'PodNotStarted',
    message: /FailedMount: in use/,
  });
});

test('a pod that has ended, or was deleted, is not waited for', async () => {
  await assert.rejects(waitFor([{ phase: 'Failed', reason: 'Evicted', message: 'disk' }]), { message: /Evicted/ });
  await assert.rejects(waitFor([{ phase: 'Pending' }, undefined]), { code: 'PodNotStarted', message: /deleted/ });
});

test('a signal ends the wait', async () => {
  const signal = AbortSignal.abort(new Error('enough'));
  const client = { get: async () => pod, list: async () => ({ items: [], resourceVersion: '' }) };
  await assert.rejects(untilRunning(pod, { client, clock: new ManualClock(), signal, note: () => {} }), /enough/);
});

test('a quota or Pod Security refuses the pod; what else goes wrong is something else', () => {
  assert.throws(() => refused(new ApiError(403, 'Forbidden', 'exceeded quota: q'), 'n'), {
    code: 'PodNotStarted',
    message: /exceeded quota: q/,
  });
  assert.throws(() => refused(new ApiError(500, 'InternalError', 'oh'), 'n'), { status: 500 });
});
