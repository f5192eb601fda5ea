import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { statusSchema } from '../../../../src/api/status.ts';
import { plan } from '../../../../src/operator/plan/plan.ts';
import { transitionEvents } from '../../../../src/operator/plan/transitions.ts';
import { conditionOf, finish, runningPod, runOf, Simulation, settings } from '../../../helpers/simulation.ts';

test('a result whose pod went before it was read is asked for again', () => {
  const simulation = new Simulation(runOf({ sampling: { count: 5 } }));
  const isEvaluate = ({ name }: { name: string }) => name.includes('-evaluate-');
  for (let i = 0; i < 30 && !simulation.working().some(isEvaluate); i++) {
    for (const { name } of simulation.working()) simulation.succeed(name);
    simulation.step();
  }
  const [evaluate] = simulation.working();
  assert.ok(evaluate && isEvaluate(evaluate));
  simulation.succeed(evaluate.name);
  simulation.pods.length = 0; // a node is drained while no operator looks
  simulation.step();
  assert.equal(simulation.run.status?.phase, 'Evaluating');
  simulation.now += 60_000;
  simulation.step();
  assert.equal(simulation.run.status?.phase, 'Evaluating');
  assert.ok(!simulation.jobs.has(evaluate.name));
  finish(simulation);
  assert.equal(simulation.run.status?.results?.display, '12.35');
  simulation.pods.length = 0;
  simulation.now += 60_000;
  assert.deepEqual(simulation.step().remove, [], 'what is known needs no pod');
  assert.equal(simulation.run.status?.phase, 'Complete');
});

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

test('whatever pods answer, the status is one that the API server takes', () => {
  const number = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true });
  const answer = fc.record({ done: number, total: number, perSecond: number });
  fc.assert(
    fc.property(fc.array(answer, { minLength: 1, maxLength: 3 }), (answers) => {
      const simulation = new Simulation(runOf({ schedule: { states: 3 } }));
      simulation.prepare();
      const progress = new Map(answers.map((answer, i) => [`pod-${i}`, { phase: 'Running' as const, ...answer }]));
      const pods = simulation.training().map((job, i) => runningPod(`pod-${i}`, job));
      const { status } = plan(simulation.run, { ...simulation.observed(), pods, progress }, new Date(0), settings);
      const sent = JSON.parse(JSON.stringify(status)); // Infinity would be null
      assert.deepEqual(statusSchema.parse(sent), status);
    }),
  );
});

test('the status is bounded for any S', () => {
  const states = 4096;
  const simulation = new Simulation(
    runOf({ schedule: { states, timesteps: 10_000 }, execution: { maxParallel: states, retries: { total: 100_000 } } }),
  );
  simulation.prepare();
  simulation.working().forEach(({ name }, i) => {
    if (i % 2 === 0) simulation.fail(name, 'x'.repeat(4000));
  });
  simulation.step();
  assert.ok(JSON.stringify(simulation.run.status).length < 100_000);
});

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
