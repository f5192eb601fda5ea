import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finish, runningPod, runOf, Simulation } from '../../../helpers/simulation.ts';

test('a Job that failed or cannot start is made anew when the run wants its pods otherwise; one that works is let work', () => {
  const wrong = { execution: { image: 'wrong', maxParallel: 3 }, schedule: { states: 3 } };
  const right = { execution: { image: 'right', maxParallel: 3 }, schedule: { states: 3 } };
  const simulation = new Simulation(runOf(wrong));
  simulation.prepare();
  const [failed, blocked, working] = simulation.training();
  assert.ok(failed && blocked && working);
  simulation.fail(failed.name);
  simulation.pods.push(runningPod('working', working), {
    ...runningPod('blocked', blocked),
    phase: 'Pending',
    blocked: { reason: 'ImagePullBackOff', message: 'no such image' },
  });
  assert.deepEqual(simulation.step().remove, [], 'nothing has changed');
  simulation.run = { ...runOf(right), status: simulation.run.status };
  assert.deepEqual(
    simulation.step().remove.map(({ name }) => name),
    [failed.name, blocked.name],
  );
  simulation.pods.length = 0;
  simulation.step();
  const anew = simulation.training();
  assert.deepEqual(anew.map(({ name }) => name).sort(), [failed.name, blocked.name, working.name].sort());
  assert.equal(anew.find(({ name }) => name === working.name)?.uid, working.uid);
  finish(simulation);
  assert.equal(simulation.run.status?.phase, 'Complete');
});

test('another image of the operator, or other pull secrets, make anew what failed or cannot start, and nothing else', () => {
  const execution = { maxParallel: 3 };
  for (const upgraded of [
    { trainerImage: 'trainer:next' },
    { trainerImage: 'trainer:test', imagePullSecrets: ['s'] },
  ]) {
    const simulation = new Simulation(runOf({ execution, schedule: { states: 3 } }));
    simulation.prepare();
    const [failed, done, working] = simulation.training();
    assert.ok(failed && done && working);
    simulation.fail(failed.name);
    simulation.succeed(done.name);
    simulation.pods.push(runningPod('working', working));
    simulation.step();
    simulation.settings = upgraded;
    assert.deepEqual(
      simulation.step().remove.map(({ name }) => name),
      [failed.name],
    );
  }
});

test('a run that names its image does not mind what the operator’s is', () => {
  const simulation = new Simulation(runOf({ execution: { image: 'mine' }, schedule: { states: 2 } }));
  simulation.prepare();
  simulation.fail(simulation.training()[0]?.name ?? '');
  simulation.step();
  simulation.settings = { trainerImage: 'trainer:next' };
  assert.deepEqual(simulation.step().remove, []);
});
