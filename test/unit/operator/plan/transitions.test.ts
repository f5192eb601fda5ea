import assert from 'node:assert/strict';
import { test } from 'node:test';
import { transitionEvents } from '../../../../src/operator/plan/transitions.ts';
import { runOf, Simulation } from '../../../helpers/simulation.ts';

test('events tell of transitions only', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 1 }, sampling: { count: 5 } }));
  const reasons: string[] = [];
  for (let i = 0; i < 12; i++) {
    const before = simulation.run.status;
    const planned = simulation.step();
    reasons.push(...transitionEvents(before, planned.status, planned).map(({ reason }) => reason));
    for (const { name } of simulation.working()) simulation.succeed(name);
  }
  assert.deepEqual(reasons, [
    'Created',
    'Pending',
    'Created',
    'Training',
    'Created',
    'ModelTrained',
    'Aggregating',
    'Created',
    'Sampling',
    'Created',
    'Evaluating',
    'Complete',
  ]);
});

test('a failure signature is a warning, once', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 1 }, sampling: { count: 5 } }));
  simulation.findings = [{ signature: 'WashedOut', message: 'Samples are pale. Map ᾱ.' }];
  const warnings: string[] = [];
  for (let i = 0; i < 12; i++) {
    const before = simulation.run.status;
    const planned = simulation.step();
    const events = transitionEvents(before, planned.status, planned);
    warnings.push(
      ...events.filter(({ type }) => type === 'Warning').map(({ reason, message }) => `${reason}: ${message}`),
    );
    for (const { name } of simulation.working()) simulation.succeed(name);
  }
  assert.deepEqual(warnings, ['WashedOut: Samples are pale. Map ᾱ.']);
});
