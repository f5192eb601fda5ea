import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { retryAnnotation } from '../../../../src/api/names.ts';
import { isTerminal, statusSchema } from '../../../../src/api/status.ts';
import { prepareAddress } from '../../../../src/operator/plan/identity.ts';
import { plan } from '../../../../src/operator/plan/plan.ts';
import { transitionEvents } from '../../../../src/operator/plan/transitions.ts';
import { runOf, Simulation, settings } from '../../../helpers/simulation.ts';

/** What may change in a spec while its run lives. */
const specs = fc.record({
  models: fc.integer({ min: 1, max: 6 }),
  statesPerModel: fc.integer({ min: 1, max: 3 }),
  maxParallel: fc.integer({ min: 1, max: 4 }),
  overridden: fc.option(fc.nat(5), { nil: undefined }),
  image: fc.constantFrom('a', 'b'),
  count: fc.integer({ min: 3, max: 5 }),
  shards: fc.integer({ min: 1, max: 3 }),
  queue: fc.boolean(),
  total: fc.integer({ min: 0, max: 30 }),
  revision: fc.constantFrom('one', 'two'),
});
type Wanted = typeof specs extends fc.Arbitrary<infer T> ? T : never;

const steps = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('succeed' as const), which: fc.nat(20) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('fail', 'evict', 'delete', 'vanish'), which: fc.nat(20) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('suspend', 'resume', 'gone', 'wait', 'replace', 'retry') }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('edit' as const), spec: specs }) },
);
type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never;

function specOf({
  models,
  statesPerModel,
  maxParallel,
  overridden,
  image,
  count,
  shards,
  queue,
  total,
  revision,
}: Wanted) {
  const at = overridden === undefined ? undefined : (overridden % models) * statesPerModel;
  return {
    schedule: { states: models * statesPerModel, statesPerModel },
    execution: { maxParallel, image, retries: { perModel: 2, total }, ...(queue && { queueName: 'q' }) },
    sampling: { count, shards },
    dataset: {
      source: { volume: { claimName: 'data', path: 'mnist' } },
      format: 'Idx',
      image: { size: 28, channels: 1 },
      revision,
    },
    ...(at !== undefined && {
      overrides: [{ states: `${at}-${at + statesPerModel - 1}`, training: { images: 7 } }],
    }),
  };
}

/** Jobs that are deleted stay, with their pods, until they have `gone`, as with foreground deletion. */
class Slow extends Simulation {
  override step() {
    this.now += 1000;
    const before = new Set(this.jobs.keys());
    const planned = plan(this.run, this.observed(), new Date(this.now), settings);
    for (const object of planned.create) assert.ok(!before.has(object.metadata.name), 'created though it is there');
    for (const { name, uid } of planned.remove) {
      const job = this.jobs.get(name);
      assert.equal(job?.uid, uid);
      if (job !== undefined) this.jobs.set(name, { ...job, deleting: true });
    }
    for (const { name, value } of planned.suspend) {
      const job = this.jobs.get(name);
      assert.ok(job !== undefined && job.finished === undefined && job.suspended !== value);
    }
    this.carryOut({ ...planned, remove: [] });
    return planned;
  }

  gone() {
    for (const { name, deleting } of [...this.jobs.values()]) if (deleting) this.jobs.delete(name);
  }
}

/** Digest of other data under the same path. */
const other = 'e'.repeat(64);

const pick = <T>(list: readonly T[], which: number): T | undefined => list[which % list.length];

function disturb(simulation: Slow, step: Step): void {
  const set = (spec: object) => {
    simulation.run = { ...simulation.run, spec: { ...simulation.run.spec, ...spec } };
  };
  const working = simulation.working().filter(({ deleting }) => !deleting);
  const jobs = [...simulation.jobs.values()];
  if ('which' in step) {
    const one = pick(step.kind === 'delete' ? jobs : working, step.which);
    if (step.kind === 'vanish') simulation.pods.splice(0, 1);
    if (one === undefined) return;
    if (step.kind === 'succeed') simulation.succeed(one.name);
    if (step.kind === 'fail') simulation.fail(one.name);
    if (step.kind === 'evict') simulation.jobs.set(one.name, { ...one, failed: one.failed + 1 });
    if (step.kind === 'delete') simulation.jobs.set(one.name, { ...one, deleting: true });
  } else if (step.kind === 'edit') {
    const { status, metadata } = simulation.run;
    const edited = runOf(specOf(step.spec));
    const generation = (metadata.generation ?? 0) + 1;
    simulation.run = { ...edited, metadata: { ...edited.metadata, generation }, ...(status && { status }) };
  } else if (step.kind === 'suspend') set({ suspend: true });
  else if (step.kind === 'resume') set({ suspend: false });
  else if (step.kind === 'gone') simulation.gone();
  else if (step.kind === 'wait') simulation.now += 60_000;
  else if (step.kind === 'replace') simulation.digest = simulation.digest.startsWith('d') ? other : 'd'.repeat(64);
  else if (step.kind === 'retry') {
    const { metadata } = simulation.run;
    const annotations = { [retryAnnotation]: String(simulation.now) };
    simulation.run = { ...simulation.run, metadata: { ...metadata, annotations } };
  }
}

function check(simulation: Slow): void {
  const { run } = simulation;
  const known = run.status?.dataset;
  const before = new Set(simulation.training().map(({ name }) => name));
  const planned = simulation.step();
  const { status } = planned;
  assert.deepEqual(statusSchema.parse(JSON.parse(JSON.stringify(status))), status);
  if (known !== undefined) assert.ok(status.dataset !== undefined, 'what is known of the data is not forgotten');
  if (status.dataset?.preparedBy !== prepareAddress(run.spec))
    assert.ok(planned.create.every(({ metadata }) => !/-(m\d|aggregate|sample|evaluate)/.test(metadata.name)));
  // Whoever lets more pods run than before must stay within the slots.
  const training = simulation.training();
  if (training.some(({ name }) => !before.has(name)))
    assert.ok(training.length <= run.spec.execution.maxParallel, `${training.length} train`);
  if (run.spec.suspend && !['Complete', 'Failed'].includes(status.phase ?? ''))
    assert.equal(simulation.working().filter(({ deleting }) => !deleting).length, 0, 'suspended, but something works');
  const is = (type: string) => status.conditions?.find((condition) => condition.type === type)?.status;
  assert.equal(is('Complete') === 'True', status.phase === 'Complete');
  assert.equal(is('Failed') === 'True', status.phase === 'Failed');
  assert.equal(is('Stalled') === 'True', status.phase === 'Failed');
  assert.ok(!(is('Ready') === 'True' && is('Stalled') === 'True'));
  assert.equal(status.finishedAt !== undefined, isTerminal(status.phase ?? 'Pending'));
  const { total = 0, pending = 0, active = 0, done = 0, failed = 0 } = status.models ?? {};
  assert.equal(pending + active + done + failed, total);
  for (const { note, reason } of transitionEvents(run.status, status, planned).map(({ message, reason }) => ({
    note: message,
    reason,
  })))
    assert.ok(note !== '' && reason !== '');
}

test('whatever happens to a run, it stays within its slots, writes sound statuses and comes to its end', () => {
  fc.assert(
    fc.property(specs, fc.array(steps, { maxLength: 60 }), (wanted, disturbances) => {
      const simulation = new Slow(runOf(specOf(wanted)));
      for (const disturbance of disturbances) {
        check(simulation);
        disturb(simulation, disturbance);
      }
      // The user corrects what failed, and nothing happens any more: it has to complete.
      disturb(simulation, { kind: 'resume' });
      const { spec } = simulation.run;
      const retries = { perModel: 1000, total: 100_000 };
      simulation.run = { ...simulation.run, spec: { ...spec, execution: { ...spec.execution, retries } } };
      for (let i = 0; i < 40; i++) {
        check(simulation);
        simulation.gone();
        simulation.now += 10_000;
        for (const { name } of simulation.working()) simulation.succeed(name);
      }
      assert.equal(simulation.run.status?.phase, 'Complete');
      assert.ok(simulation.run.status.results !== undefined && simulation.run.status.bundle !== undefined);
      const quiet = plan(simulation.run, simulation.observed(), new Date(simulation.now + 3_600_000), settings);
      assert.deepEqual([quiet.create, quiet.suspend, quiet.remove], [[], [], []]);
      assert.deepEqual(quiet.status, simulation.run.status, 'time alone does not change a status');
    }),
    { numRuns: 200 },
  );
});
