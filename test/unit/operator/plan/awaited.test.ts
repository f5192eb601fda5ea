import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Progress } from '../../../../src/api/progress.ts';
import { awaitedModels } from '../../../../src/operator/plan/awaited.ts';
import { childrenOf } from '../../../../src/operator/plan/children.ts';
import { plan } from '../../../../src/operator/plan/plan.ts';
import { runningPod, runOf, Simulation, settings } from '../../../helpers/simulation.ts';

/** A run of half the states whose aggregate pod says something. */
function waiting(said: Progress | undefined) {
  const simulation = new Simulation(runOf({ schedule: { states: 4 }, execution: { states: '0-1' } }));
  simulation.prepare();
  for (const { name } of simulation.training()) simulation.succeed(name);
  simulation.step();
  const [job = assert.fail()] = simulation.working();
  assert.equal(job.component, 'aggregate');
  const observed = {
    ...simulation.observed(),
    pods: [...simulation.pods, runningPod('pod', job)],
    progress: new Map(said === undefined ? [] : [['pod', said]]),
  };
  const now = new Date(simulation.now);
  const { status } = plan(simulation.run, observed, now, settings);
  const conditions = new Map(status.conditions?.map((condition) => [condition.type, condition]));
  return { awaited: awaitedModels(childrenOf(simulation.run, observed, now, settings), observed), status, conditions };
}

test('what the aggregate pod waits for is in status and conditions', () => {
  const { awaited, status, conditions } = waiting({ phase: 'Waiting', done: 3, total: 4 });
  assert.deepEqual([awaited, status.models?.awaited, status.phase], [1, 1, 'Aggregating']);
  const { status: value, reason, message } = conditions.get('Aggregated') ?? assert.fail();
  assert.deepEqual([value, reason], ['False', 'AwaitingModels']);
  assert.match(message, /^Waits for 1 model that runs on other clusters train/);
  assert.match(conditions.get('Ready')?.message ?? '', /is aggregating. Waits for 1 model/);
  assert.equal(conditions.get('Ready')?.status, 'True');
});

test('a pod that has all it waits for, or has said nothing, awaits nothing', () => {
  for (const said of [undefined, { phase: 'Running', done: 3, total: 4 } as const]) {
    const { awaited, status, conditions } = waiting(said);
    assert.deepEqual([awaited, status.models?.awaited], [undefined, undefined]);
    assert.equal(conditions.get('Aggregated')?.reason, 'Running');
  }
});
