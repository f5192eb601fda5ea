import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labels, retryAnnotation } from '../../../../src/api/names.ts';
import { transitionEvents } from '../../../../src/operator/plan/transitions.ts';
import { conditionOf, finish, runOf, Simulation } from '../../../helpers/simulation.ts';

/** What `kubectl annotate` does: the spec, and so the generation, stays. */
function retry(simulation: Simulation, value: string): void {
  const { metadata } = simulation.run;
  simulation.run = { ...simulation.run, metadata: { ...metadata, annotations: { [retryAnnotation]: value } } };
}

test('what failed is made anew, what is good is kept', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 2 }, sampling: { count: 5 } }));
  simulation.prepare();
  const [bad, good] = simulation.training();
  simulation.fail(bad?.name ?? '');
  simulation.succeed(good?.name ?? '');
  simulation.step();
  assert.equal(simulation.run.status?.phase, 'Failed');
  retry(simulation, '2026-01-02T00:00:00Z');
  const before = simulation.run.status;
  const planned = simulation.step();
  assert.deepEqual(
    planned.remove.map(({ name }) => name),
    [bad?.name],
  );
  assert.ok(transitionEvents(before, planned.status, planned).some(({ reason }) => reason === 'Retried'));
  finish(simulation);
  assert.equal(simulation.run.status?.phase, 'Complete');
  assert.equal(simulation.jobs.get(good?.name ?? '')?.uid, good?.uid);
  assert.match(simulation.jobs.get(bad?.name ?? '')?.labels[labels.retry] ?? '', /^[0-9a-f]{16}$/);
});

test('the same value asks once only', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 1 } }));
  simulation.prepare();
  simulation.fail(simulation.training()[0]?.name ?? '');
  retry(simulation, 'again');
  simulation.step();
  simulation.step();
  simulation.fail(simulation.training()[0]?.name ?? '');
  assert.deepEqual(simulation.step().remove, []);
  assert.equal(simulation.run.status?.phase, 'Failed');
  retry(simulation, 'and again');
  assert.equal(simulation.step().remove.length, 1);
});

test('a prepare that failed is tried again too', () => {
  const simulation = new Simulation(runOf({ sampling: { count: 5 } }));
  simulation.step();
  simulation.fail(simulation.working()[0]?.name ?? '');
  simulation.step();
  retry(simulation, '1');
  finish(simulation);
  assert.equal(simulation.run.status?.phase, 'Complete');
});

for (const queueName of [undefined, 'team']) {
  test(`failed pods are counted from the retry on, ${queueName === undefined ? 'without' : 'with'} a queue`, () => {
    const execution = { maxParallel: 4, retries: { perModel: 9, total: 2 }, ...(queueName && { queueName }) };
    const simulation = new Simulation(runOf({ schedule: { states: 4 }, execution, sampling: { count: 5 } }));
    simulation.prepare();
    for (const job of simulation.training()) simulation.jobs.set(job.name, { ...job, failed: 1 });
    simulation.step();
    assert.equal(conditionOf(simulation, 'Failed')?.reason, 'RetriesExhausted');
    retry(simulation, 'now');
    finish(simulation);
    assert.equal(simulation.run.status?.phase, 'Complete');
    assert.equal(simulation.run.status.models?.retries, 0);
  });
}

test('the time of a run that failed begins anew with the retry', () => {
  const simulation = new Simulation(
    runOf({ execution: { deadlines: { runSeconds: 60 } }, schedule: { states: 1 }, sampling: { count: 5 } }),
  );
  simulation.prepare();
  simulation.now += 60_000;
  simulation.step();
  assert.equal(conditionOf(simulation, 'Failed')?.reason, 'DeadlineExceeded');
  retry(simulation, 'now');
  simulation.step();
  assert.equal(simulation.run.status?.phase, 'Training');
  finish(simulation);
  assert.equal(simulation.run.status?.phase, 'Complete');
});

test('a value of any length and any letters is taken', () => {
  const simulation = new Simulation(runOf());
  retry(simulation, `${'x'.repeat(252)}😀${'y'.repeat(10_000)}`);
  simulation.step();
  const { status } = simulation.run;
  assert.ok((status?.observedRetryAt?.length ?? 0) <= 253 && status?.observedRetryAt?.isWellFormed());
  simulation.step();
  assert.equal(simulation.created.length, 2, 'claim and prepare, once');
});
