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
