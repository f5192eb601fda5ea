import assert from 'node:assert/strict';
import { test } from 'node:test';
import { components } from '../../../../src/api/names.ts';
import { childrenOf, isBroken } from '../../../../src/operator/plan/children.ts';
import { runOf, Simulation, settings } from '../../../helpers/simulation.ts';

const look = (simulation: Simulation) =>
  childrenOf(simulation.run, simulation.observed(), new Date(simulation.now), settings);

test('until the data are known, nothing that follows from them is wanted, and what is there is undecided', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 2 } }));
  simulation.prepare();
  const { status: _, ...fresh } = simulation.run;
  const before = childrenOf(fresh, { ...simulation.observed(), pods: [] }, new Date(simulation.now), settings);
  assert.deepEqual([before.dataset, before.addresses], [undefined, undefined]);
  assert.equal(before.undecided.length, 2, 'the two models in training');
  for (const { step, wanted } of before.all) assert.equal(wanted === undefined, step !== 'prepare', step);
  const after = look(simulation);
  assert.deepEqual([after.undecided, after.models.map(({ phase }) => phase)], [[], ['active', 'active']]);
});

test('all children stand in the order of the steps, each step with its own', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 3 } }));
  simulation.prepare();
  const { all, of } = look(simulation);
  assert.deepEqual(
    all.map(({ step }) => step),
    ['prepare', 'train', 'train', 'train', 'aggregate', 'sample', 'evaluate'],
  );
  assert.deepEqual(
    components.flatMap((step) => of[step]),
    all,
  );
});

test('a run is broken when of a step something failed and the rest of it has ended', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 2 } }));
  simulation.prepare();
  const [first, second] = simulation.training();
  simulation.fail(first?.name ?? '');
  assert.ok(!isBroken(look(simulation)), 'the other model is still in training');
  simulation.succeed(second?.name ?? '');
  assert.ok(isBroken(look(simulation)));
  assert.equal(look(simulation).retries, 1);
});
