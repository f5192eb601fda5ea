import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labels, retryAnnotation } from '../../../../src/api/names.ts';
import { unreadData } from '../../../../src/operator/plan/identity.ts';
import { transitionEvents } from '../../../../src/operator/plan/transitions.ts';
import { wantedOf } from '../../../../src/operator/plan/wanted.ts';
import { conditionOf, finish, runOf, Simulation } from '../../../helpers/simulation.ts';

const withRevision = (revision: string) => ({
  schedule: { states: 3 },
  sampling: { count: 5 },
  dataset: {
    source: { volume: { claimName: 'data', path: 'mnist' } },
    format: 'Idx',
    image: { size: 28, channels: 1 },
    revision,
  },
});

/** Gives a run another spec, as an apply does. */
function edit(simulation: Simulation, spec: Record<string, unknown>): void {
  const { status } = simulation.run;
  simulation.run = { ...runOf(spec), ...(status && { status }) };
}

const components = (simulation: Simulation) => simulation.working().map(({ component }) => component);

test('nothing is trained until the data are known', () => {
  const simulation = new Simulation(runOf());
  simulation.step();
  simulation.step();
  assert.deepEqual(components(simulation), ['prepare']);
  assert.equal(simulation.run.status?.phase, 'Preparing');
  assert.equal(conditionOf(simulation, 'Prepared')?.reason, 'Running');
  assert.equal(simulation.run.status?.models?.summary, '0/10');
});

test('data that are prepared are in the status, and stay there when Job and pod have gone', () => {
  const simulation = new Simulation(runOf({ sampling: { count: 5 } }));
  simulation.prepare();
  const { dataset } = simulation.run.status ?? {};
  assert.equal(dataset?.digest, simulation.digest);
  assert.equal(dataset?.previousDigest, undefined);
  assert.match(conditionOf(simulation, 'Prepared')?.message ?? '', /^9 images are prepared, sha256 dddd/);
  simulation.pods.length = 0;
  for (const { name, component } of simulation.jobs.values()) if (component === 'prepare') simulation.jobs.delete(name);
  finish(simulation);
  assert.equal(simulation.created.filter((name) => name.includes('-prepare-')).length, 1);
  assert.deepEqual(simulation.run.status?.dataset, dataset);
});

test('the digest of weights that models begin from is in the status, and in the task of each model', () => {
  const warmStart = { volume: { claimName: 'other', path: 'unet' } };
  const simulation = new Simulation(runOf({ training: { warmStart } }));
  simulation.found = { warmStart: 'e'.repeat(64) };
  simulation.prepare();
  const { run } = simulation;
  assert.equal(run.status?.dataset?.warmStartDigest, 'e'.repeat(64));
  const tasks = wantedOf(run, run.status?.dataset ?? unreadData).jobs.map(({ task }) => task);
  const trained = tasks.filter((task) => task.kind === 'train');
  assert.equal(trained.length, 10);
  for (const { warmStartDigest, training } of trained)
    assert.deepEqual([warmStartDigest, training.warmStart], ['e'.repeat(64), warmStart]);
});

test('data that cannot be prepared fail the run before any pod has a GPU', () => {
  const simulation = new Simulation(runOf());
  simulation.step();
  simulation.fail(simulation.working()[0]?.name ?? '', 'broken');
  simulation.step();
  assert.equal(simulation.run.status?.phase, 'Failed');
  assert.equal(conditionOf(simulation, 'Failed')?.reason, 'StepFailed');
  assert.deepEqual(
    [...simulation.jobs.values()].map(({ component }) => component),
    ['prepare'],
  );
});

test('a message that was lost before it was read is asked for again', () => {
  const simulation = new Simulation(runOf({ sampling: { count: 5 } }));
  simulation.step();
  const [prepare] = simulation.working();
  simulation.succeed(prepare?.name ?? '');
  simulation.pods.length = 0;
  const { requeueAfterMs } = simulation.step();
  assert.ok(requeueAfterMs !== undefined && requeueAfterMs <= 30_000, 'time alone makes it lost');
  assert.equal(simulation.run.status?.phase, 'Preparing');
  simulation.now += 60_000;
  assert.deepEqual(
    simulation.step().remove.map(({ name }) => name),
    [prepare?.name],
  );
  finish(simulation);
  assert.equal(simulation.run.status?.phase, 'Complete');
});

test('a prepare pod that says nothing readable fails the run once its message is late, and one that says it later heals it', () => {
  const simulation = new Simulation(runOf({ sampling: { count: 5 } }));
  simulation.step();
  const [prepare] = simulation.working();
  simulation.succeed(prepare?.name ?? '');
  const [pod] = simulation.pods;
  assert.ok(pod?.terminated);
  const { message } = pod.terminated;
  pod.terminated.message = 'hello from another image';
  const early = simulation.step();
  assert.equal(early.status.phase, 'Preparing');
  assert.ok(early.requeueAfterMs !== undefined && early.requeueAfterMs <= 30_000, 'time alone makes it late');
  simulation.now += 31_000;
  const late = simulation.step();
  assert.deepEqual([late.status.phase, late.status.reason, late.remove], ['Failed', 'ResultUnknown', []]);
  assert.match(
    conditionOf(simulation, 'Stalled')?.message ?? '',
    /ResultUnknown: .*is execution\.image.* the trainer of/,
  );
  assert.equal(conditionOf(simulation, 'Prepared')?.reason, 'ResultUnknown');
  pod.terminated.message = message;
  finish(simulation);
  assert.equal(simulation.run.status?.phase, 'Complete');
});

test('a prepare that said nothing readable is made anew by another image, or by a retry', () => {
  const corrected = { sampling: { count: 5 }, execution: { image: 'right' } };
  const change: ((simulation: Simulation) => void)[] = [
    (simulation) => edit(simulation, corrected),
    (simulation) => {
      const annotations = { [retryAnnotation]: 'now' };
      simulation.run = { ...simulation.run, metadata: { ...simulation.run.metadata, annotations } };
    },
  ];
  for (const correct of change) {
    const simulation = new Simulation(runOf({ sampling: { count: 5 } }));
    simulation.step();
    const [prepare] = simulation.working();
    simulation.succeed(prepare?.name ?? '');
    if (simulation.pods[0]?.terminated) simulation.pods[0].terminated.message = '';
    simulation.now += 31_000;
    simulation.step();
    correct(simulation);
    assert.deepEqual(
      simulation.step().remove.map(({ name }) => name),
      [prepare?.name],
    );
    simulation.pods.length = 0;
    finish(simulation);
    assert.equal(simulation.run.status?.phase, 'Complete');
  }
});

test('equal data under another revision change nothing but who prepared them', () => {
  const simulation = new Simulation(runOf(withRevision('one')));
  finish(simulation);
  const before = simulation.run.status;
  const jobs = [...simulation.jobs.keys()].filter((name) => !name.includes('-prepare-'));
  simulation.pods.length = 0; // what is known needs no pod
  edit(simulation, withRevision('two'));
  const first = simulation.step();
  assert.deepEqual(
    first.remove.map(({ name }) => name.replace(/[0-9a-f]{8}$/, '')),
    ['digits-prepare-'],
    'what follows from the data is not touched before they are known',
  );
  assert.equal(simulation.run.status?.dataset?.digest, simulation.digest, 'those that were learned from so far');
  finish(simulation);
  const { status } = simulation.run;
  assert.equal(status?.phase, 'Complete');
  assert.deepEqual([status.bundle, status.results], [before?.bundle, before?.results]);
  for (const name of jobs) assert.ok(simulation.jobs.has(name), `${name} is kept`);
});

test('other data train every model anew, and an event says so', () => {
  const simulation = new Simulation(runOf(withRevision('one')));
  finish(simulation);
  const old = [...simulation.jobs.keys()];
  edit(simulation, withRevision('two'));
  simulation.digest = 'e'.repeat(64);
  simulation.step();
  simulation.succeed(simulation.working()[0]?.name ?? '');
  const before = simulation.run.status;
  const planned = simulation.step();
  const [event] = transitionEvents(before, planned.status, planned);
  assert.equal(event?.reason, 'DatasetChanged');
  assert.match(event?.message ?? '', /3 of 3 models are trained anew/);
  assert.equal(planned.status.dataset?.previousDigest, 'd'.repeat(64));
  finish(simulation);
  for (const name of old) assert.ok(!simulation.jobs.has(name), `${name} is of the data before`);
  const reasons = transitionEvents(before, simulation.run.status ?? {}, { ...planned, create: [], remove: [] });
  assert.equal(reasons.filter(({ reason }) => reason === 'DatasetChanged').length, 1);
});

test('a run whose data are read anew stops and goes on with the others when it is suspended', () => {
  const simulation = new Simulation(runOf({ ...withRevision('one'), execution: { maxParallel: 3 } }));
  simulation.prepare();
  assert.equal(simulation.training().length, 3);
  edit(simulation, { ...withRevision('two'), execution: { maxParallel: 3 } });
  simulation.step();
  assert.deepEqual(components(simulation).sort(), ['prepare', 'train', 'train', 'train']);
  edit(simulation, { ...withRevision('two'), execution: { maxParallel: 3 }, suspend: true });
  simulation.step();
  assert.deepEqual(simulation.working(), []);
  edit(simulation, { ...withRevision('two'), execution: { maxParallel: 3 } });
  simulation.step();
  assert.deepEqual(components(simulation), ['prepare'], 'the others wait for what it finds');
  finish(simulation);
  assert.equal(simulation.run.status?.phase, 'Complete');
});

test('models of a version with other addresses are named before they are trained anew', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 2 }, sampling: { count: 5 } }));
  const job = {
    uid: 'u',
    deleting: false,
    suspended: false,
    active: 0,
    failed: 0,
    idleSince: undefined,
    reason: '',
    message: '',
  };
  for (const index of ['0', '1']) {
    const own = { [labels.component]: 'train', [labels.model]: index };
    const ended = { finished: 'Complete' as const, finishedAt: '2026-01-01T00:00:00Z' };
    const name = `digits-m${index}-0ld0ld00`;
    simulation.jobs.set(name, { ...job, ...ended, name, labels: own, component: 'train', digest: '' });
  }
  const planned = simulation.step();
  assert.deepEqual(planned.remove, []);
  const events = transitionEvents(undefined, planned.status, planned);
  const event = events.find(({ reason }) => reason === 'AddressesChanged');
  assert.match(event?.message ?? '', /2 models .*digits-m0-0ld0ld00, digits-m1-0ld0ld00.* are trained anew/);
  const again = simulation.step();
  assert.ok(!transitionEvents(planned.status, again.status, again).some(({ reason }) => reason === 'AddressesChanged'));
  finish(simulation);
  assert.equal(simulation.run.status?.phase, 'Complete');
  assert.ok(!simulation.jobs.has('digits-m0-0ld0ld00'));
});
