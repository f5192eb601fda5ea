import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderTermination } from '../../../../src/api/termination.ts';
import { conditionOf, finish, runningPod, runOf, Simulation } from '../../../helpers/simulation.ts';

test('a failed model does not stop the others; the run fails when they have ended', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 4 }, execution: { maxParallel: 2 } }));
  simulation.prepare();
  const [victim] = simulation.working();
  assert.ok(victim);
  const said = renderTermination({
    outcome: 'Failed',
    code: 'Diverged',
    message: 'the loss is NaN',
    hint: 'Lower it.',
    log: ['one', 'two'],
  });
  simulation.fail(victim.name, said);
  simulation.step();
  assert.equal(simulation.run.status?.phase, 'Training');
  assert.equal(conditionOf(simulation, 'Failed')?.reason, 'OthersContinue');
  finish(simulation);
  const { status } = simulation.run;
  assert.equal(status?.phase, 'Failed');
  assert.equal(status?.models?.done, 3);
  assert.deepEqual(status?.failures?.[0], {
    job: victim.name,
    pod: `${victim.name}-pod`,
    states: '0',
    reason: 'Diverged',
    message: 'the loss is NaN Lower it.',
    log: ['one', 'two'],
  });
  assert.equal(conditionOf(simulation, 'Stalled')?.status, 'True');
  assert.match(conditionOf(simulation, 'Failed')?.message ?? '', /Model of states 0 .*Diverged: the loss is NaN/);
});

test('without a termination message, the tail of the log and Kubernetes’ reason stand in', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 1 } }));
  simulation.prepare();
  simulation.fail(simulation.working()[0]?.name ?? '', 'line one\nSegmentation fault');
  simulation.step();
  const [failure] = simulation.run.status?.failures ?? [];
  assert.equal(failure?.reason, 'BackoffLimitExceeded');
  assert.deepEqual(failure?.log, ['line one', 'Segmentation fault']);
});

test('what the API server would store differently is not in the log: half a surrogate, which JSON can spell', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 1 } }));
  simulation.prepare();
  const word = '{"outcome":"Failed","code":"Diverged","message":"m","log":["half \\ud83d","whole 😀"]}';
  simulation.fail(simulation.working()[0]?.name ?? '', word);
  simulation.step();
  assert.deepEqual(simulation.run.status?.failures?.[0]?.log, ['half \ufffd', 'whole 😀']);
});

test('a Job that was stopped at its deadline says so, not what its pod said when it was stopped', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 1 } }));
  simulation.prepare();
  const [{ name } = { name: '' }] = simulation.working();
  const said = renderTermination({ outcome: 'Failed', code: 'Interrupted', message: 'state is saved', log: ['saved'] });
  simulation.fail(name, said, { exitCode: 75, reason: 'DeadlineExceeded' });
  simulation.step();
  const [failure] = simulation.run.status?.failures ?? [];
  assert.equal(failure?.reason, 'DeadlineExceeded');
  assert.deepEqual(failure?.log, ['saved']);
});

test('of the pods of a failed Job, one that failed tells why, not one that was stopped because of it', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 1 } }));
  simulation.prepare();
  const [{ name } = { name: '' }] = simulation.working();
  const word = (code: 'InputMissing' | 'Interrupted') =>
    renderTermination({ outcome: 'Failed', code, message: 'm', log: [] });
  simulation.fail(name, word('InputMissing'), { exitCode: 65, reason: 'PodFailurePolicy' });
  simulation.now += 1000;
  simulation.fail(name, word('Interrupted'), { exitCode: 75, reason: 'PodFailurePolicy' });
  simulation.step();
  assert.equal(simulation.run.status?.failures?.[0]?.reason, 'InputMissing');
});

test('a pod that cannot start is named once that has lasted half a minute, whole characters only', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 1 } }));
  simulation.prepare();
  const [job] = simulation.training();
  assert.ok(job);
  const blocked = { reason: 'Unschedulable', message: `${'x'.repeat(1999)}😀` };
  const createdAt = new Date(simulation.now).toISOString();
  simulation.pods.push({ ...runningPod('waits', job), phase: 'Pending', createdAt, blocked });
  const early = simulation.step();
  assert.equal(early.status.failures, undefined);
  assert.equal(early.requeueAfterMs, 29_000, 'a second has passed');
  simulation.now += 30_000;
  const late = simulation.step();
  assert.equal(late.requeueAfterMs, undefined);
  const [failure] = late.status.failures ?? [];
  assert.deepEqual([failure?.reason, failure?.pod, failure?.states], ['Unschedulable', 'waits', '0']);
  assert.ok(failure?.message.isWellFormed());
  assert.match(conditionOf(simulation, 'Ready')?.message ?? '', /Unschedulable/);
});
