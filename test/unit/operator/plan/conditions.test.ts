import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditionTypes } from '../../../../src/api/status.ts';
import { conditionOf, finish, runOf, Simulation } from '../../../helpers/simulation.ts';

test('a top state that is not noise is a warning, never a refusal', () => {
  const schedule = { states: 2, spacing: 'Explicit', indices: [10, 500] };
  const simulation = new Simulation(runOf({ schedule }));
  simulation.prepare();
  assert.equal(conditionOf(simulation, 'ScheduleReachesNoise')?.reason, 'TopStateNotNoise');
  assert.equal(simulation.working().length, 2);
  const matched = new Simulation(runOf({ schedule, sampling: { start: 'MomentMatched' } }));
  matched.prepare();
  assert.equal(conditionOf(matched, 'ScheduleReachesNoise')?.status, 'True');
});

test('every condition is there from the first look on, and each step has one of its own', () => {
  const simulation = new Simulation(runOf({ sampling: { count: 5 } }));
  simulation.step();
  const types = () => simulation.run.status?.conditions?.map(({ type }) => type);
  assert.deepEqual(types(), [...conditionTypes]);
  finish(simulation);
  assert.deepEqual(types(), [...conditionTypes]);
  for (const type of ['Prepared', 'Trained', 'Aggregated', 'Sampled', 'Evaluated'])
    assert.equal(conditionOf(simulation, type)?.status, 'True', type);
});

test('a failure signature is a concern that stops nothing', () => {
  const simulation = new Simulation(runOf({ sampling: { count: 5 } }));
  simulation.findings = [
    { signature: 'StateBehind', message: 'State 4 is behind. Train it longer.' },
    { signature: 'WashedOut', message: 'Samples are pale. Map ᾱ.' },
  ];
  simulation.step();
  const concern = () => conditionOf(simulation, 'QualityConcern');
  assert.deepEqual([concern()?.status, concern()?.reason], ['Unknown', 'NotJudged']);
  finish(simulation);
  assert.deepEqual([concern()?.status, concern()?.reason], ['True', 'StateBehind']);
  assert.equal(concern()?.message, 'State 4 is behind. Train it longer.\nSamples are pale. Map ᾱ.');
  assert.equal(simulation.run.status?.phase, 'Complete');
  assert.equal(conditionOf(simulation, 'Ready')?.status, 'True');
  assert.equal(conditionOf(simulation, 'Stalled')?.status, 'False');
});

test('where signatures were looked for and not found there is no concern; what did not look leaves it unknown', () => {
  const concernOf = (findings: Simulation['findings']) => {
    const simulation = new Simulation(runOf({ sampling: { count: 5 } }));
    simulation.findings = findings;
    finish(simulation);
    return conditionOf(simulation, 'QualityConcern')?.status;
  };
  assert.equal(concernOf([]), 'False');
  assert.equal(concernOf(undefined), 'Unknown');
});
