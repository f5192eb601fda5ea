import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOwn, ownModels, shareOf } from '../../../../src/operator/plan/share.ts';
import { conditionOf, finish, runOf, Simulation } from '../../../helpers/simulation.ts';

const schedule = { states: 8, statesPerModel: 2 };
const runWith = (execution: object) => runOf({ schedule, execution, sampling: { count: 5 } });

test('states of a share are models counted among the K; a share of all states is none', () => {
  const { spec } = runWith({ states: '2-5' });
  assert.deepEqual(ownModels(spec), { first: 1, last: 2 });
  assert.deepEqual(
    [0, 1, 2, 3].map((model) => isOwn(spec, model)),
    [false, true, true, false],
  );
  assert.equal(shareOf(spec), '2-5');
  for (const execution of [{}, { states: '0-7' }]) {
    const all = runWith(execution).spec;
    assert.deepEqual([ownModels(all), shareOf(all), isOwn(all, 3)], [undefined, undefined, true]);
  }
});

test('a run that leaves aggregation to others is complete when its share is trained, and says so', () => {
  const simulation = new Simulation(runWith({ states: '0-3', aggregate: false }));
  simulation.prepare();
  assert.equal(simulation.run.status?.phase, 'Training');
  finish(simulation);
  const { status } = simulation.run;
  assert.deepEqual(
    simulation.created.map((name) => name.replace(/-[0-9a-f]{8}$/, '')),
    ['digits-checkpoints', 'digits-prepare', 'digits-m0', 'digits-m1'],
  );
  assert.deepEqual([status?.phase, status?.models?.summary, status?.models?.share], ['Complete', '2/2 of 4', '0-3']);
  assert.deepEqual([status?.bundle, status?.results, status?.progress?.percent], [undefined, undefined, 100]);
  const { reason, message } = conditionOf(simulation, 'Trained') ?? assert.fail();
  assert.deepEqual([reason, message], ['ShareTrained', '2 of 2 models of the share 0-3 are trained.']);
  for (const type of ['Aggregated', 'Sampled', 'Evaluated']) {
    const { status, reason } = conditionOf(simulation, type) ?? assert.fail();
    assert.deepEqual([status, reason], ['False', 'LeftToOthers'], type);
  }
  assert.match(conditionOf(simulation, 'Complete')?.message ?? '', /^The share 0-3 is trained/);
});

test('a share of which a model was given up is failed, whatever sampling may go without', () => {
  const spec = { schedule, execution: { states: '0-3', aggregate: false }, sampling: { count: 5, minStates: 2 } };
  const simulation = new Simulation(runOf(spec));
  simulation.prepare();
  const [first, second] = simulation.training();
  simulation.fail(first?.name ?? '');
  simulation.succeed(second?.name ?? '');
  simulation.step();
  assert.equal(simulation.run.status?.phase, 'Failed');
  assert.equal(conditionOf(simulation, 'Failed')?.reason, 'ModelFailed');
});

test('addresses of two shares are those of the whole run, and only the one that aggregates goes on', () => {
  const namesOf = (execution: object) => {
    const simulation = new Simulation(runWith(execution));
    finish(simulation);
    return simulation.created;
  };
  const whole = namesOf({});
  const [one, other] = [namesOf({ states: '0-3' }), namesOf({ states: '4-7', aggregate: false })];
  assert.deepEqual([...new Set([...one, ...other])].sort(), [...whole].sort());
  assert.deepEqual(
    one.filter((name) => other.includes(name)).map((name) => name.replace(/-[0-9a-f]{8}$/, '')),
    ['digits-checkpoints', 'digits-prepare'],
  );
});

test('a share that is taken over by the other run is trained by it, and what it has goes on', () => {
  const simulation = new Simulation(runWith({ states: '0-3' }));
  simulation.prepare();
  for (const { name } of simulation.training()) simulation.succeed(name);
  simulation.step();
  assert.deepEqual(
    simulation.working().map(({ component }) => component),
    ['aggregate'],
  );
  const { run } = simulation;
  simulation.run = { ...run, spec: { ...run.spec, execution: { ...run.spec.execution, states: undefined } } };
  finish(simulation);
  assert.equal(simulation.run.status?.models?.summary, '4/4');
  assert.equal(simulation.created.length, 9);
});
