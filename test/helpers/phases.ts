import assert from 'node:assert/strict';
import type { Run } from '../../src/api/run.ts';
import { type Phase, phases } from '../../src/api/status.ts';
import { finish, runningPod, runOf, Simulation } from './simulation.ts';

const states = 2;
const spec = { schedule: { states }, execution: { maxParallel: states }, sampling: { count: 5 } };

const simulationOf = (more: object = {}) => new Simulation(runOf({ ...spec, ...more }));

/** A run that is at work on the step with this phase. */
function runAt(phase: Phase): Simulation {
  const simulation = simulationOf();
  for (let i = 0; i < phases.length; i++) {
    for (let look = 0; look < 2; look++) {
      simulation.step();
      if (simulation.run.status?.phase === phase) return simulation;
    }
    for (const { name } of simulation.working()) simulation.succeed(name);
  }
  return assert.fail(`the run was never ${phase}`);
}

/** A run in training whose spec has changed, as the operator then sees it. */
function changed(change: object): Simulation {
  const simulation = runAt('Training');
  const { metadata, spec } = simulation.run;
  simulation.run = { ...simulation.run, metadata: { ...metadata, generation: 2 }, spec: { ...spec, ...change } };
  simulation.step();
  return simulation;
}

/** A run of which no pod can start. */
function blocked(reason: string): Simulation {
  const simulation = runAt('Training');
  for (const job of simulation.training())
    simulation.pods.push({
      ...runningPod(`${job.name}-pod`, job),
      phase: 'Pending',
      createdAt: new Date(simulation.now).toISOString(),
      blocked: { reason, message: 'no such thing' },
    });
  simulation.now += 30_000;
  simulation.step();
  return simulation;
}

function failed(): Simulation {
  const simulation = runAt('Training');
  for (const { name } of simulation.training()) simulation.fail(name);
  simulation.step();
  return simulation;
}

function complete(): Simulation {
  const simulation = simulationOf();
  finish(simulation);
  return simulation;
}

/** How a run comes to each phase. */
const ways: Record<Phase, () => Simulation> = {
  Pending: () => runAt('Pending'),
  Preparing: () => runAt('Preparing'),
  Training: () => runAt('Training'),
  Aggregating: () => runAt('Aggregating'),
  Sampling: () => runAt('Sampling'),
  Evaluating: () => runAt('Evaluating'),
  Blocked: () => blocked('ImagePullBackOff'),
  Complete: complete,
  Suspended: () => changed({ suspend: true }),
  Cancelled: () => changed({ cancel: true }),
  Failed: failed,
};

/** A run with the status that the operator's own plan gives it in a phase. */
export function runIn(phase: Phase): Run {
  const { run } = ways[phase]();
  assert.equal(run.status?.phase, phase);
  return run;
}

/** A run that waits for a place on a node. */
export const unschedulableRun = (): Run => blocked('Unschedulable').run;

/** A run at work of which the API server refuses a child. */
export function refusedRun(): Run {
  const simulation = runAt('Training');
  simulation.refused = new Map([
    ['digits-train-0', { reason: 'ChildRefused', message: 'exceeded quota', until: simulation.now + 60_000 }],
  ]);
  simulation.step();
  return simulation.run;
}
