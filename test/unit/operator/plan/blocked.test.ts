import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBlocked, nextBlocked, standsStill } from '../../../../src/operator/plan/blocked.ts';
import type { ObservedPod } from '../../../../src/operator/plan/observed.ts';
import { runningPod, runOf, Simulation } from '../../../helpers/simulation.ts';

const simulation = new Simulation(runOf({ schedule: { states: 2 } }));
simulation.prepare();
const [job] = simulation.training();
assert.ok(job);

const now = new Date('2026-01-01T00:01:00Z');
const running = runningPod('runs', job);
const blocked = { reason: 'Unschedulable', message: '0/3 nodes are available' };
const waiting: ObservedPod = {
  ...running,
  name: 'waits',
  phase: 'Pending',
  createdAt: '2026-01-01T00:00:00Z',
  blocked,
};
const stands = (...pods: ObservedPod[]) => standsStill({ pods: new Map([['job', pods]]) }, now);

test('a pod is blocked once it could not start for half a minute, and not when it is on its way out', () => {
  const young = { ...waiting, createdAt: '2026-01-01T00:00:40Z' };
  assert.deepEqual(
    [waiting, young, { ...waiting, deleting: true }].map((pod) => isBlocked(pod, now)),
    [true, false, false],
  );
  assert.equal(nextBlocked({ ...simulation.observed(), pods: [waiting, young] }, now), 10_000);
});

test('a run stands still when a pod is blocked and none is at work or on its way', () => {
  assert.equal(stands(waiting), true);
  assert.equal(stands(waiting, running), false);
  assert.equal(stands(waiting, { ...waiting, blocked: undefined }), false, 'its image is being pulled');
  assert.equal(stands(waiting, { ...running, phase: 'Failed' }), true, 'one that has ended does nothing');
  assert.equal(stands(), false);
});
