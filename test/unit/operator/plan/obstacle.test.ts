import assert from 'node:assert/strict';
import { test } from 'node:test';
import { transitionEvents } from '../../../../src/operator/plan/transitions.ts';
import { conditionOf, finish, runningPod, runOf, Simulation } from '../../../helpers/simulation.ts';

const spec = { schedule: { states: 2 }, execution: { maxParallel: 2 }, sampling: { count: 5 } };

/** A run of two models of which no pod can start. */
function blockedRun(reason: string, fields: object = {}, message = 'no such thing'): Simulation {
  const simulation = new Simulation(runOf({ ...spec, ...fields }));
  simulation.prepare();
  for (const job of simulation.training())
    simulation.pods.push({
      ...runningPod(`${job.name}-pod`, job),
      phase: 'Pending',
      createdAt: new Date(simulation.now).toISOString(),
      blocked: { reason, message },
    });
  return simulation;
}

const kstatus = (simulation: Simulation) =>
  ['Ready', 'Reconciling', 'Stalled'].map((type) => conditionOf(simulation, type)?.status);

test('a run of which no pod can start is Blocked after half a minute, with the pod’s reason, and goes on when one runs', () => {
  const simulation = blockedRun('ImagePullBackOff');
  simulation.step();
  assert.equal(simulation.run.status?.phase, 'Training');
  simulation.now += 30_000;
  const before = simulation.run.status;
  const { status, ...changes } = simulation.step();
  assert.deepEqual([status.phase, status.reason], ['Blocked', 'ImagePullBackOff']);
  assert.deepEqual(kstatus(simulation), ['False', 'False', 'True']);
  assert.equal(conditionOf(simulation, 'Ready')?.reason, 'ImagePullBackOff');
  assert.match(
    conditionOf(simulation, 'Ready')?.message ?? '',
    /^The run is blocked\. Model of states 0 .*: no such thing$/,
  );
  const events = transitionEvents(before, status, changes);
  assert.deepEqual(
    events.map(({ type, reason }) => `${type} ${reason}`),
    ['Warning ImagePullBackOff', 'Warning ImagePullBackOff', 'Warning Blocked'],
  );
  const again = simulation.step();
  assert.deepEqual([again.status, transitionEvents(status, again.status, again)], [status, []]);
  const [job] = simulation.training();
  assert.ok(job);
  simulation.pods.push(runningPod('works', job));
  simulation.step();
  assert.deepEqual([simulation.run.status?.phase, simulation.run.status?.reason], ['Training', undefined]);
  assert.deepEqual(kstatus(simulation), ['True', 'False', 'False']);
});

test('a Secret that is missing, or lacks a key, is told with the field that names it and what it has to have', () => {
  const said = (message: string) => {
    const objectStore = { bucket: 'models', secretName: 'writer' };
    const simulation = blockedRun('CreateContainerConfigError', { checkpoints: { objectStore } }, message);
    simulation.now += 30_000;
    simulation.step();
    const { phase, reason } = simulation.run.status ?? {};
    assert.deepEqual([phase, reason], ['Blocked', 'CreateContainerConfigError']);
    return conditionOf(simulation, 'Stalled')?.message ?? '';
  };
  const remedy =
    /It is named in spec\.checkpoints\.objectStore\.secretName, and has to have AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; once/;
  assert.match(said('secret "writer" not found'), remedy);
  assert.match(said("couldn't find key AWS_ACCESS_KEY_ID in Secret default/writer"), remedy);
  assert.doesNotMatch(said('secret "other" not found'), /It is named/);
  assert.doesNotMatch(said('configmap "writer" not found'), /It is named/);
});

test('a run that waits for a place is not ready and not stalled: it reconciles', () => {
  const simulation = blockedRun('Unschedulable');
  simulation.now += 30_000;
  simulation.step();
  assert.deepEqual([simulation.run.status?.phase, simulation.run.status?.reason], ['Blocked', 'Unschedulable']);
  assert.deepEqual(kstatus(simulation), ['False', 'True', 'False']);
});

test('a blocked run that is suspended, or cancelled, is that', () => {
  for (const [field, phase] of [
    ['suspend', 'Suspended'],
    ['cancel', 'Cancelled'],
  ] as const) {
    const simulation = blockedRun('ImagePullBackOff');
    simulation.now += 30_000;
    simulation.step();
    simulation.run = {
      ...runOf({ ...spec, [field]: true }),
      ...(simulation.run.status && { status: simulation.run.status }),
    };
    simulation.step();
    assert.equal(simulation.run.status?.phase, phase);
  }
});

test('a refused model gives its slot to the others, and blocks the run when only it is left', () => {
  const simulation = new Simulation(runOf({ ...spec, execution: { maxParallel: 1 } }));
  simulation.step();
  simulation.succeed(simulation.working()[0]?.name ?? '');
  const [first] = simulation.step().create;
  assert.match(first?.metadata.name ?? '', /-m0-/);
  simulation.jobs.delete(first?.metadata.name ?? '');
  const until = simulation.now + 100_000;
  simulation.refused = new Map([
    [first?.metadata.name ?? '', { reason: 'ChildRefused', message: 'denied by policy', until }],
  ]);
  simulation.step();
  const [other] = simulation.training();
  assert.match(other?.name ?? '', /-m1-/);
  assert.equal(simulation.run.status?.phase, 'Training');
  assert.equal(conditionOf(simulation, 'Stalled')?.reason, 'ChildRefused');
  assert.match(conditionOf(simulation, 'Stalled')?.message ?? '', /-m0-.*denied by policy/);
  simulation.succeed(other?.name ?? '');
  const { status, create, requeueAfterMs } = simulation.step();
  assert.deepEqual([status.phase, status.reason, create], ['Blocked', 'ChildRefused', []]);
  assert.ok(requeueAfterMs !== undefined && requeueAfterMs <= 100_000);
  simulation.now = until;
  assert.deepEqual(
    simulation.step().create.map(({ metadata }) => metadata.name),
    [first?.metadata.name],
    'it is tried again',
  );
  simulation.refused = new Map();
  finish(simulation);
  assert.equal(simulation.run.status?.phase, 'Complete');
});

test('no Job is made while its claim is refused', () => {
  const simulation = new Simulation(runOf(spec));
  const until = simulation.now + 100_000;
  simulation.refused = new Map([['digits-checkpoints', { reason: 'ChildRefused', message: 'exceeded quota', until }]]);
  const { create, status } = simulation.step();
  assert.deepEqual([create, status.phase, status.reason], [[], 'Blocked', 'ChildRefused']);
});

test('a run whose Job was refused once and is there now is not stalled', () => {
  const simulation = new Simulation(runOf(spec));
  simulation.step();
  const [prepare] = simulation.working();
  assert.ok(prepare);
  simulation.refused = new Map([[prepare.name, { reason: 'ChildRefused', message: 'no', until: 0 }]]);
  simulation.step();
  assert.deepEqual(kstatus(simulation), ['True', 'False', 'False']);
  finish(simulation);
  assert.deepEqual([simulation.run.status?.phase, ...kstatus(simulation)], ['Complete', 'True', 'False', 'False']);
});

test('a run whose Jobs get no pods is blocked and waits for them, and their Jobs are made anew when their pods are wanted otherwise', () => {
  const simulation = new Simulation(runOf(spec));
  simulation.prepare();
  for (const job of simulation.training())
    simulation.jobs.set(job.name, { ...job, active: 0, idleSince: new Date(simulation.now).toISOString() });
  simulation.step();
  assert.equal(simulation.run.status?.phase, 'Training');
  simulation.now += 30_000;
  simulation.step();
  const { status } = simulation.run;
  assert.deepEqual([status?.phase, status?.reason], ['Blocked', 'NoPods']);
  assert.deepEqual(
    ['Ready', 'Reconciling', 'Stalled'].map((type) => conditionOf(simulation, type)?.status),
    ['False', 'True', 'False'],
  );
  assert.match(conditionOf(simulation, 'Ready')?.message ?? '', /kubectl describe job digits-m0-/);
  const jobs = simulation.training().map(({ name }) => name);
  const podTemplate = { spec: { priorityClassName: 'low' } };
  simulation.run = { ...runOf({ ...spec, execution: { podTemplate } }), ...(status && { status }) };
  assert.deepEqual(
    simulation.step().remove.map(({ name }) => name),
    jobs,
  );
});

test('pods that the namespace forbids block their run with a reason of its own', () => {
  const simulation = new Simulation(runOf(spec));
  const [prepare] = simulation.step().create.filter(({ kind }) => kind === 'Job');
  const name = prepare?.metadata.name ?? '';
  simulation.jobs.delete(name);
  const message = 'namespace n enforces restricted';
  simulation.refused = new Map([[name, { reason: 'PodSecurity', message, until: simulation.now + 100_000 }]]);
  const { status } = simulation.step();
  assert.deepEqual([status.phase, status.reason], ['Blocked', 'PodSecurity']);
  assert.equal(conditionOf(simulation, 'Stalled')?.reason, 'PodSecurity');
  assert.match(conditionOf(simulation, 'Ready')?.message ?? '', /enforces restricted/);
});
