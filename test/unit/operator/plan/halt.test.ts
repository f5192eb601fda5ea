import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labels } from '../../../../src/api/names.ts';
import { conditionOf, finish, runOf, Simulation } from '../../../helpers/simulation.ts';

test('cancel deletes what is unfinished and ends the run; a complete run stays complete', () => {
  const simulation = new Simulation(runOf());
  simulation.prepare();
  simulation.run = { ...runOf({ cancel: true }), status: simulation.run.status };
  simulation.step();
  simulation.step();
  assert.equal(simulation.run.status?.phase, 'Cancelled');
  assert.equal(simulation.working().length, 0);
  const complete = new Simulation(runOf());
  finish(complete);
  complete.run = { ...runOf({ cancel: true }), status: complete.run.status };
  complete.step();
  assert.equal(complete.run.status?.phase, 'Complete');
});

test('too many failed pods in all end the run', () => {
  const simulation = new Simulation(runOf({ execution: { retries: { perModel: 0, total: 2 }, maxParallel: 3 } }));
  simulation.prepare();
  for (let i = 0; i < 3; i++) {
    simulation.step();
    simulation.fail(simulation.working()[0]?.name ?? '');
  }
  simulation.step();
  assert.equal(simulation.run.status?.phase, 'Failed');
  assert.equal(conditionOf(simulation, 'Failed')?.reason, 'RetriesExhausted');
  assert.equal(simulation.working().length, 0);
});

test('with a Kueue queue too, a run that has no retries left stays failed until its spec changes', () => {
  const spec = (total: number) => ({
    schedule: { states: 2 },
    execution: { queueName: 'team', retries: { perModel: 9, total } },
  });
  const simulation = new Simulation(runOf(spec(1)));
  simulation.prepare();
  for (const job of simulation.working()) simulation.jobs.set(job.name, { ...job, failed: 1 });
  for (let i = 0; i < 4; i++) {
    simulation.step();
    assert.equal(conditionOf(simulation, 'Failed')?.reason, 'RetriesExhausted');
    assert.equal(simulation.run.status?.models?.retries, 2);
    assert.equal(simulation.working().length, 0);
    assert.equal(simulation.jobs.size, 1, 'all but prepare’s are deleted, which gives their quota back');
  }
  const fixed = runOf(spec(1));
  simulation.run = { ...fixed, metadata: { ...fixed.metadata, generation: 2 }, status: simulation.run.status };
  finish(simulation);
  assert.equal(simulation.run.status?.phase, 'Complete');
});

test('a run that takes too long fails, and its time is looked at without news', () => {
  const simulation = new Simulation(runOf({ execution: { deadlines: { runSeconds: 60 } } }));
  simulation.prepare();
  const { requeueAfterMs } = simulation.step();
  assert.ok(requeueAfterMs !== undefined && requeueAfterMs <= 60_000);
  simulation.now += 60_000;
  simulation.step();
  assert.equal(conditionOf(simulation, 'Failed')?.reason, 'DeadlineExceeded');
});

test('a run that failed keeps its reason when its deadline passes afterwards', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 1 }, execution: { deadlines: { runSeconds: 60 } } }));
  simulation.prepare();
  simulation.fail(simulation.working()[0]?.name ?? '');
  simulation.step();
  simulation.now += 3_600_000;
  simulation.step();
  assert.equal(conditionOf(simulation, 'Failed')?.reason, 'ModelFailed');
});

test('with a Kueue queue, suspending deletes Jobs, since suspend is Kueue’s', () => {
  const spec = { execution: { queueName: 'team' }, suspend: true };
  const simulation = new Simulation(runOf({ execution: { queueName: 'team' } }));
  simulation.prepare();
  assert.equal([...simulation.jobs.values()][0]?.labels[labels.queue], 'team');
  simulation.run = { ...runOf(spec), status: simulation.run.status };
  const planned = simulation.step();
  assert.deepEqual(planned.suspend, []);
  assert.equal(simulation.working().length, 0);
  assert.equal(simulation.jobs.size, 1, 'prepare’s, which is done');
});

test('a run that gets a queue while it is suspended goes on with the Jobs that it has', () => {
  const simulation = new Simulation(runOf({}));
  simulation.prepare();
  simulation.run = { ...runOf({ suspend: true }), status: simulation.run.status };
  simulation.step();
  assert.equal(simulation.working().length, 0);
  simulation.run = { ...runOf({ execution: { queueName: 'team' } }), status: simulation.run.status };
  finish(simulation);
  assert.equal(simulation.run.status?.phase, 'Complete');
});
