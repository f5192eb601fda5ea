import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { coverageOf } from '../../../../src/operator/plan/holes.ts';
import { conditionOf, finish, runOf, Simulation } from '../../../helpers/simulation.ts';

const modelOf = (name: string) => Number(/-m(\d+)-/.exec(name)?.[1] ?? Number.NaN);

/** Lets the models that are named be given up, and everything else succeed. */
function finishWithout(simulation: Simulation, failing: readonly number[]): void {
  simulation.prepare();
  for (let i = 0; i < 40 && simulation.training().length > 0; i++) {
    for (const { name } of simulation.training())
      if (failing.includes(modelOf(name))) simulation.fail(name);
      else simulation.succeed(name);
    simulation.step();
  }
  if (simulation.run.status?.phase !== 'Failed') finish(simulation);
}

const spec = (states: number, sampling: object) => ({
  schedule: { states },
  sampling: { count: 5, ...sampling },
  execution: { retries: { total: 100 } },
});

/** The task of the last Job of a step that was made. */
function lastTask(simulation: Simulation, step: string) {
  const job = [...simulation.jobs.values()].find(({ component }) => component === step);
  return job?.digest;
}

test('without minStates a run of which a model was given up is failed', () => {
  const simulation = new Simulation(runOf(spec(4, {})));
  finishWithout(simulation, [2]);
  assert.equal(simulation.run.status?.phase, 'Failed');
});

test('with it the run goes on over those that exist, and says so in every place', () => {
  const simulation = new Simulation(runOf(spec(4, { minStates: 3 })));
  finishWithout(simulation, [2]);
  const { status } = simulation.run;
  assert.deepEqual([status?.phase, status?.models?.summary, status?.models?.states.failed], ['Complete', '3/4', '2']);
  assert.equal(status?.bundle?.coverage, '3 of 4 states');
  const { status: trained, reason, message } = conditionOf(simulation, 'Trained') ?? assert.fail();
  assert.deepEqual([trained, reason], ['False', 'TrainedInPart']);
  assert.match(message, /3 of 4 models are trained, 1 failed; .* coverage 3 of 4 states/);
  for (const type of ['Aggregated', 'Sampled', 'Evaluated', 'Complete', 'Ready']) {
    const condition = conditionOf(simulation, type);
    assert.match(condition?.message ?? '', /[Cc]overage 3 of 4 states/, type);
    assert.equal(condition?.status, 'True', type);
  }
  assert.equal(conditionOf(simulation, 'Failed')?.reason, 'OthersContinue');
});

test('the number that kubectl shows has the coverage with it', () => {
  const simulation = new Simulation(runOf(spec(4, { minStates: 3 })));
  simulation.coverage = '3 of 4 states';
  finishWithout(simulation, [0]);
  const { results } = simulation.run.status ?? {};
  assert.deepEqual([results?.display, results?.coverage], ['12.35 (3 of 4 states)', '3 of 4 states']);
});

test('a noisiest state that is missing is told: sampling begins at the next one', () => {
  const simulation = new Simulation(runOf(spec(4, { minStates: 1 })));
  finishWithout(simulation, [3]);
  const { status, message } = conditionOf(simulation, 'ScheduleReachesNoise') ?? assert.fail();
  assert.equal(status, 'False');
  assert.match(message, /noisiest state that has a model is 0.0579, above 0.05.*sampling.requiredStates/);
});

test('a model that a retry trains after all makes a new bundle, and one that fails again the same as before', () => {
  const simulation = new Simulation(runOf(spec(4, { minStates: 3 })));
  finishWithout(simulation, [2]);
  const partial = lastTask(simulation, 'aggregate');
  const retried = (value: string) => {
    const { run } = simulation;
    simulation.run = { ...run, metadata: { ...run.metadata, annotations: { 'tspace.dev/retry-at': value } } };
    simulation.step();
    simulation.step();
    assert.deepEqual(
      simulation.training().map(({ name }) => modelOf(name)),
      [2],
    );
    assert.equal(simulation.run.status?.phase, 'Training');
  };
  retried('1');
  simulation.fail(simulation.training()[0]?.name ?? '');
  finish(simulation);
  assert.equal(lastTask(simulation, 'aggregate'), partial);
  retried('2');
  finish(simulation);
  const { status } = simulation.run;
  assert.deepEqual([status?.phase, status?.models?.summary, status?.bundle?.coverage], ['Complete', '4/4', undefined]);
  assert.notEqual(lastTask(simulation, 'aggregate'), partial);
  assert.equal(conditionOf(simulation, 'Trained')?.reason, 'AllTrained');
});

test('it goes on exactly where enough states, and all that are required, have a model', () => {
  const scenario = fc
    .record({ models: fc.integer({ min: 1, max: 5 }), g: fc.integer({ min: 1, max: 2 }) })
    .chain(({ models, g }) =>
      fc.record({
        models: fc.constant(models),
        g: fc.constant(g),
        minStates: fc.integer({ min: 1, max: models * g }),
        required: fc.option(fc.nat(models * g - 1), { nil: undefined }),
        failing: fc.subarray(Array.from({ length: models }, (_, i) => i)),
      }),
    );
  fc.assert(
    fc.property(scenario, ({ models, g, minStates, required, failing }) => {
      const states = models * g;
      const sampling = { minStates, ...(required !== undefined && { requiredStates: String(required) }) };
      const parts = { ...spec(states, sampling), schedule: { states, statesPerModel: g } };
      const simulation = new Simulation(runOf(parts));
      finishWithout(simulation, failing);
      const covered = states - failing.length * g;
      const lacks = required !== undefined && failing.includes(Math.floor(required / g));
      const goesOn = failing.length === 0 || (covered >= minStates && !lacks);
      assert.equal(simulation.run.status?.phase, goesOn ? 'Complete' : 'Failed');
      const coverage = goesOn && failing.length > 0 ? `${covered} of ${states} states` : undefined;
      assert.equal(simulation.run.status?.bundle?.coverage, coverage);
    }),
    { numRuns: 60 },
  );
});

test('a run without holes has no coverage to tell of', () => {
  assert.equal(coverageOf(runOf({}).spec, []), undefined);
});
