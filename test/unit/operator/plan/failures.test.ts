import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderTermination } from '../../../../src/api/termination.ts';
import { transitionEvents } from '../../../../src/operator/plan/transitions.ts';
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

test('a failed attempt is seen while it is tried again: which of how many, why, and its last lines', () => {
  const spec = {
    schedule: { states: 2 },
    execution: { retries: { perModel: 3 }, maxParallel: 2 },
    sampling: { count: 5 },
  };
  const simulation = new Simulation(runOf(spec));
  simulation.prepare();
  const [job] = simulation.training();
  assert.ok(job);
  const ended = (exitCode: number, reason: string, message: string) => ({
    ...runningPod(`pod-${exitCode}`, job),
    phase: 'Failed',
    createdAt: new Date(simulation.now).toISOString(),
    terminated: { exitCode, reason, message },
  });
  simulation.pods.push(ended(137, 'OOMKilled', 'step 1\nstep 2\n'));
  simulation.jobs.set(job.name, { ...job, failed: 1 });
  const before = simulation.run.status;
  const { status, ...changes } = simulation.step();
  assert.deepEqual(status.failures, [
    {
      job: job.name,
      pod: 'pod-137',
      attempt: '1 of 4',
      states: '0',
      reason: 'OOMKilled',
      message: 'The pod ended with exit code 137 (OOMKilled).',
      log: ['step 1', 'step 2'],
    },
  ]);
  assert.equal(status.phase, 'Training');
  assert.match(conditionOf(simulation, 'Ready')?.message ?? '', /attempt 1 of 4: OOMKilled/);
  assert.deepEqual(
    transitionEvents(before, status, changes).map(({ reason }) => reason),
    ['OOMKilled'],
  );
  simulation.now += 1000;
  const said = renderTermination({ outcome: 'Failed', code: 'Diverged', message: 'the loss is NaN', log: ['nan'] });
  simulation.pods.push(ended(1, 'Error', said));
  simulation.jobs.set(job.name, { ...job, failed: 2 });
  const [failure] = simulation.step().status.failures ?? [];
  assert.deepEqual([failure?.attempt, failure?.reason, failure?.log], ['2 of 4', 'Diverged', ['nan']]);
  finish(simulation);
  assert.equal(simulation.run.status?.failures, undefined, 'it is over');
});

test('what was nobody’s fault is no failed attempt', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 1 } }));
  simulation.prepare();
  const [job] = simulation.training();
  assert.ok(job);
  const pod = { ...runningPod('gone', job), phase: 'Failed', createdAt: '2026-01-01T00:00:00Z' };
  simulation.pods.push(
    { ...pod, disrupted: true, terminated: { exitCode: 137, reason: 'Error', message: '' } },
    { ...pod, terminated: { exitCode: 75, reason: 'Error', message: '' } },
  );
  simulation.jobs.set(job.name, { ...job, failed: 1 });
  assert.equal(simulation.step().status.failures, undefined);
});
