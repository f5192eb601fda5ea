import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finish, runOf, Simulation } from '../../../helpers/simulation.ts';

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
