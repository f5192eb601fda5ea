import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBlocked, isPodless, nextBlocked, standsStill } from '../../../../src/operator/plan/blocked.ts';
import type { ObservedJob, ObservedPod } from '../../../../src/operator/plan/observed.ts';
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
const stands = (...pods: ObservedPod[]) => standsStill({ jobs: new Map(), pods: new Map([['job', pods]]) }, now);

test('a pod is blocked once it could not start for half a minute, and not when it is on its way out', () => {
  const young = { ...waiting, createdAt: '2026-01-01T00:00:40Z' };
  assert.deepEqual(
    [waiting, young, { ...waiting, deleting: true }].map((pod) => isBlocked(pod, now)),
    [true, false, false],
  );
  assert.equal(nextBlocked({ jobs: new Map(), pods: new Map([['job', [waiting, young]]]) }, now), 10_000);
});

test('a run stands still when a pod is blocked and none is at work or on its way', () => {
  assert.equal(stands(waiting), true);
  assert.equal(stands(waiting, running), false);
  assert.equal(stands(waiting, { ...waiting, blocked: undefined }), false, 'its image is being pulled');
  assert.equal(stands(waiting, { ...running, phase: 'Failed' }), true, 'one that has ended does nothing');
  assert.equal(stands(), false);
});

/** A Job that its controller has been idle about for 30 s. */
const idle: ObservedJob = { ...job, active: 0, idleSince: '2026-01-01T00:00:30Z' };
const seen = (each: ObservedJob, ...pods: ObservedPod[]) => ({
  jobs: new Map([[each.name, each]]),
  pods: new Map([[each.name, pods]]),
});

test('a Job that no pod is made for in half a minute is blocked, and its run with it', () => {
  assert.equal(isPodless(seen(idle), idle, now), true);
  assert.equal(standsStill(seen(idle), now), true);
  const young = { ...idle, idleSince: '2026-01-01T00:00:50Z' };
  assert.deepEqual([standsStill(seen(young), now), nextBlocked(seen(young), now)], [false, 20_000]);
});

test('a Job that has pods, or is to have none, does not wait for any', () => {
  for (const other of [
    { ...idle, idleSince: undefined },
    { ...idle, suspended: true },
    { ...idle, deleting: true },
    { ...idle, finished: 'Complete' as const },
  ])
    assert.equal(isPodless(seen(other), other, now), false);
  for (const phase of ['Pending', 'Running', 'Succeeded'])
    assert.equal(isPodless(seen(idle, { ...running, phase }), idle, now), false, phase);
});

test('after failed pods the Job controller waits longer and longer before it makes the next', () => {
  const failed = { ...running, phase: 'Failed' };
  const waits = [1, 2, 3, 20].map((count) => nextBlocked(seen({ ...idle, failed: count }, failed), now));
  assert.deepEqual(waits, [10_000, 20_000, 40_000, 600_000]);
});
