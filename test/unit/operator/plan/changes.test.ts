import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { labels } from '../../../../src/api/names.ts';
import { finish, runOf, Simulation } from '../../../helpers/simulation.ts';

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
