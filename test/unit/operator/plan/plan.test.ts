import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plan } from '../../../../src/operator/plan/plan.ts';
import { transitionEvents } from '../../../../src/operator/plan/transitions.ts';
import { conditionOf, finish, runOf, Simulation, settings } from '../../../helpers/simulation.ts';

test('the whole life, phase by phase', () => {
  const simulation = new Simulation(
    runOf({ schedule: { states: 3 }, execution: { maxParallel: 2 }, sampling: { count: 5 } }),
  );
  const phases: (string | undefined)[] = [];
  for (let i = 0; i < 24; i++) {
    simulation.step();
    phases.push(simulation.run.status?.phase);
    const [first] = simulation.working();
    if (first !== undefined && i % 2 === 1) simulation.succeed(first.name);
  }
  assert.deepEqual(
    [...new Set(phases)],
    ['Pending', 'Preparing', 'Training', 'Aggregating', 'Sampling', 'Evaluating', 'Complete'],
  );
  const { results, bundle, models } = simulation.run.status ?? {};
  assert.equal(results?.display, '12.35');
  assert.equal(bundle?.digest, 'b');
  assert.equal(models?.summary, '3/3');
  assert.equal(conditionOf(simulation, 'Complete')?.status, 'True');
});

test('a plan that is carried out changes nothing any more', () => {
  const simulation = new Simulation(runOf({ execution: { maxParallel: 4 } }));
  simulation.prepare();
  const again = simulation.step();
  assert.deepEqual([again.create, again.suspend, again.remove], [[], [], []]);
  const status = simulation.run.status;
  const third = plan(simulation.run, simulation.observed(), new Date(simulation.now + 60_000), settings);
  assert.deepEqual(third.status, status, 'time alone does not change a status');
  assert.deepEqual(transitionEvents(status, third.status, third), []);
});

test('a failed model whose settings change is trained anew, and the run goes on', () => {
  const spec = { schedule: { states: 2 }, execution: { maxParallel: 2 } };
  const simulation = new Simulation(runOf(spec));
  simulation.prepare();
  const [first, second] = simulation.working();
  simulation.fail(first?.name ?? '');
  simulation.succeed(second?.name ?? '');
  simulation.step();
  assert.equal(simulation.run.status?.phase, 'Failed');
  simulation.run = {
    ...runOf({ ...spec, overrides: [{ states: '0', training: { images: 7 } }] }),
    status: simulation.run.status,
  };
  finish(simulation);
  assert.equal(simulation.run.status?.phase, 'Complete');
  assert.ok(!simulation.jobs.has(first?.name ?? ''), 'the obsolete Job is removed');
  assert.ok(simulation.jobs.has(second?.name ?? ''), 'the other model is kept');
});

test('changing sampling samples anew only; changing nothing does nothing', () => {
  const simulation = new Simulation(runOf({ sampling: { count: 5 } }));
  finish(simulation);
  const before = simulation.created.length;
  finish(simulation);
  assert.equal(simulation.created.length, before);
  simulation.run = { ...runOf({ sampling: { count: 6 } }), status: simulation.run.status };
  finish(simulation);
  const fresh = simulation.created.slice(before);
  assert.equal(fresh.length, 2);
  assert.match(fresh[0] ?? '', /^digits-sample-/);
  assert.match(fresh[1] ?? '', /^digits-evaluate-/);
});

test('how pods run and how often state is saved is no part of a model', () => {
  const simulation = new Simulation(runOf());
  finish(simulation);
  const before = simulation.created.length;
  simulation.run = {
    ...runOf({
      execution: { maxParallel: 1, image: 'other' },
      checkpoints: { volume: { shared: { size: '1Gi' } }, everyImages: 5 },
    }),
    status: simulation.run.status,
  };
  finish(simulation);
  assert.equal(simulation.created.length, before);
});

test('a finished run is deleted when its time to live is over', () => {
  const simulation = new Simulation(runOf({ ttlSecondsAfterFinished: 100 }));
  finish(simulation);
  assert.equal(simulation.step().expired, false);
  simulation.now += 100_000;
  assert.equal(simulation.step().expired, true);
});
