import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { labels } from '../../../../src/api/names.ts';
import { plan } from '../../../../src/operator/plan/plan.ts';
import { transitionEvents } from '../../../../src/operator/plan/transitions.ts';
import { conditionOf, finish, runningPod, runOf, Simulation, settings } from '../../../helpers/simulation.ts';

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
  assert.deepEqual([...new Set(phases)], ['Pending', 'Preparing', 'Training', 'Aggregating', 'Sampling', 'Evaluating', 'Complete']);
  const { results, bundle, models } = simulation.run.status ?? {};
  assert.equal(results?.display, '12.35');
  assert.equal(bundle?.digest, 'b');
  assert.equal(models?.summary, '3/3');
  assert.equal(conditionOf(simulation, 'Complete')?.status, 'True');
});

test('whatever the order of ends and disturbances, every model is trained once and slots are never exceeded', () => {
  const scenario = fc.record({
    models: fc.integer({ min: 1, max: 12 }),
    statesPerModel: fc.integer({ min: 1, max: 3 }),
    maxParallel: fc.integer({ min: 1, max: 5 }),
    choices: fc.array(fc.nat(1000), { minLength: 20, maxLength: 60 }),
  });
  fc.assert(
    fc.property(scenario, ({ models, statesPerModel, maxParallel, choices }) => {
      const simulation = new Simulation(
        runOf({
          schedule: { states: models * statesPerModel, statesPerModel },
          execution: { maxParallel },
          sampling: { count: 5 },
        }),
      );
      const suspend = (value: boolean) => {
        simulation.run = { ...simulation.run, spec: { ...simulation.run.spec, suspend: value } };
      };
      for (const choice of choices) {
        simulation.step();
        assert.ok(simulation.training().length <= maxParallel);
        const working = simulation.working();
        if (choice % 10 === 0) suspend(true);
        else if (choice % 10 === 1) suspend(false);
        else if (working.length > 0) simulation.succeed(working[choice % working.length]?.name ?? '');
        if (simulation.run.spec.suspend) {
          simulation.step();
          assert.equal(simulation.working().length, 0, 'suspended, but something works');
        }
      }
      suspend(false);
      finish(simulation);
      assert.equal(simulation.run.status?.phase, 'Complete');
      assert.equal(new Set(simulation.created).size, simulation.created.length);
      assert.equal(simulation.created.length, models + 5); // the claim and four steps
    }),
    { numRuns: 150 },
  );
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

test('a Job that failed or cannot start is made anew when the run wants its pods otherwise; one that works is let work', () => {
  const wrong = { execution: { image: 'wrong', maxParallel: 3 }, schedule: { states: 3 } };
  const right = { execution: { image: 'right', maxParallel: 3 }, schedule: { states: 3 } };
  const simulation = new Simulation(runOf(wrong));
  simulation.prepare();
  const [failed, blocked, working] = simulation.training();
  assert.ok(failed && blocked && working);
  simulation.fail(failed.name);
  simulation.pods.push(runningPod('working', working), {
    ...runningPod('blocked', blocked),
    phase: 'Pending',
    blocked: { reason: 'ImagePullBackOff', message: 'no such image' },
  });
  assert.deepEqual(simulation.step().remove, [], 'nothing has changed');
  simulation.run = { ...runOf(right), status: simulation.run.status };
  assert.deepEqual(
    simulation.step().remove.map(({ name }) => name),
    [failed.name, blocked.name],
  );
  simulation.pods.length = 0;
  simulation.step();
  const anew = simulation.training();
  assert.deepEqual(anew.map(({ name }) => name).sort(), [failed.name, blocked.name, working.name].sort());
  assert.equal(anew.find(({ name }) => name === working.name)?.uid, working.uid);
  finish(simulation);
  assert.equal(simulation.run.status?.phase, 'Complete');
});

test('lowering maxParallel in mid-run stops the models beyond it', () => {
  const simulation = new Simulation(runOf({ execution: { maxParallel: 4 } }));
  simulation.prepare();
  assert.equal(simulation.training().length, 4);
  simulation.run = { ...runOf({ execution: { maxParallel: 1 } }), status: simulation.run.status };
  simulation.step();
  assert.deepEqual(
    simulation.training().map(({ labels: own }) => own[labels.model]),
    ['0'],
  );
  finish(simulation);
});

test('a stopped model goes on only when the pods of one on its way out have gone', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 3 }, execution: { maxParallel: 3 } }));
  simulation.prepare();
  simulation.run = {
    ...runOf({ schedule: { states: 3 }, execution: { maxParallel: 1 } }),
    status: simulation.run.status,
  };
  simulation.step();
  const [first] = simulation.training();
  assert.ok(first);
  simulation.jobs.set(first.name, { ...first, deleting: true }); // somebody deletes it; its pod saves its state
  simulation.step();
  assert.deepEqual(
    simulation.training().map(({ name }) => name),
    [first.name],
  );
  simulation.jobs.delete(first.name);
  simulation.step();
  assert.equal(simulation.training().length, 1);
  finish(simulation);
});

test('a finished run is deleted when its time to live is over', () => {
  const simulation = new Simulation(runOf({ ttlSecondsAfterFinished: 100 }));
  finish(simulation);
  assert.equal(simulation.step().expired, false);
  simulation.now += 100_000;
  assert.equal(simulation.step().expired, true);
});
