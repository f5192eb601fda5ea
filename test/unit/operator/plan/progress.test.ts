import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { statusSchema } from '../../../../src/api/status.ts';
import { plan } from '../../../../src/operator/plan/plan.ts';
import { runningPod, runOf, Simulation, settings } from '../../../helpers/simulation.ts';

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

test('pods that have not been asked yet are taken to be as fast as those that have', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 4 }, execution: { maxParallel: 4 } }));
  simulation.prepare();
  const pods = simulation.training().map((job, i) => runningPod(`pod-${i}`, job));
  const answer = { phase: 'Running' as const, done: 100, total: 1000, perSecond: 10 };
  const progressOf = (asked: number) => {
    const progress = new Map(pods.slice(0, asked).map(({ name }) => [name, answer]));
    return plan(simulation.run, { ...simulation.observed(), pods, progress }, new Date(0), settings).status.progress;
  };
  assert.equal(progressOf(1)?.imagesPerSecond, 40);
  assert.equal(progressOf(4)?.imagesPerSecond, 40);
  assert.equal(progressOf(1)?.images, 100, 'how far they are is not guessed');
  assert.equal(progressOf(0)?.etaSeconds, undefined);
});
