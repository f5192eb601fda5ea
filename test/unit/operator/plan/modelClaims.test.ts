import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Run } from '../../../../src/api/run.ts';
import type { Changes } from '../../../../src/operator/plan/changes.ts';
import { finish, runOf, Simulation } from '../../../helpers/simulation.ts';

const specOf = (perModel: object = {}, fields: object = {}) => ({
  schedule: { states: 4 },
  sampling: { count: 5 },
  execution: { aggregation: { claimsPerWave: 2 } },
  checkpoints: { volume: { perModel: { size: '1Gi', ...perModel } } },
  ...fields,
});
const created = ({ create }: Changes, kind: string) =>
  create.filter((object) => object.kind === kind).map(({ metadata }) => metadata.name.replace(/-[0-9a-f]{8}$/, ''));
const change = (simulation: Simulation, run: Run) => {
  const { status } = simulation.run;
  simulation.run = { ...run, ...(status && { status }) };
};
const mounts = (planned: Changes) =>
  planned.create.flatMap(({ spec }) => {
    const { template } = spec as { template?: { spec: { volumes: { name: string }[] } } };
    return template?.spec.volumes.map(({ name }) => name).filter((name) => name.startsWith('model-')) ?? [];
  });
const ofModels = ({ claims }: Simulation) => claims.filter(({ ofModel }) => ofModel).map(({ name }) => name);

test('a model has its claim made with its Job, and pods of one node after the other write to the run’s', () => {
  const simulation = new Simulation(
    runOf(specOf({}, { execution: { maxParallel: 3, aggregation: { claimsPerWave: 2 } } })),
  );
  const first = simulation.step();
  assert.deepEqual(created(first, 'PersistentVolumeClaim'), ['digits-checkpoints']);
  for (const { name } of simulation.working()) simulation.succeed(name);
  const second = simulation.step();
  const three = [0, 1, 2];
  assert.deepEqual(
    created(second, 'PersistentVolumeClaim'),
    three.map((i) => `digits-checkpoints-m${i}`),
  );
  assert.deepEqual(
    created(second, 'Job'),
    three.map((i) => `digits-m${i}`),
  );
});

test('models are collected in waves, one at a time, each with its claims, and then bundled', () => {
  const simulation = new Simulation(runOf(specOf()));
  simulation.prepare();
  for (const { name } of simulation.training()) simulation.succeed(name);
  const seen: [string[], string[]][] = [];
  for (let i = 0; i < 3; i++) {
    const planned = simulation.step();
    seen.push([created(planned, 'Job'), mounts(planned)]);
    assert.equal(simulation.run.status?.phase, 'Aggregating');
    assert.deepEqual(created(simulation.step(), 'Job'), [], 'the next waits for this one');
    for (const { name } of simulation.working()) simulation.succeed(name);
  }
  assert.deepEqual(seen, [
    [['digits-collect'], ['model-0', 'model-1']],
    [['digits-collect'], ['model-2', 'model-3']],
    [['digits-aggregate'], []],
  ]);
  finish(simulation);
  assert.match(simulation.run.status?.bundle?.path ?? '', /bundles/);
});

test('a wave that fails ends the run: what comes after it is not begun', () => {
  const simulation = new Simulation(runOf(specOf()));
  simulation.prepare();
  for (const { name } of simulation.training()) simulation.succeed(name);
  simulation.step();
  for (const { name } of simulation.working()) simulation.fail(name);
  simulation.step();
  assert.deepEqual([simulation.working().length, simulation.run.status?.phase], [0, 'Failed']);
});

test('claims of models are kept, and go once the bundle is published where the spec says so', () => {
  const kept = new Simulation(runOf(specOf()));
  finish(kept);
  assert.equal(ofModels(kept).length, 4);
  const given = new Simulation(runOf(specOf({ whenBundled: 'Delete' })));
  given.prepare();
  while (given.run.status?.bundle === undefined) {
    assert.equal(ofModels(given).length, 4, 'none goes before the bundle is there');
    for (const { name } of given.working()) given.succeed(name);
    const planned = given.step();
    if (given.run.status?.bundle !== undefined) assert.equal(planned.discard.length, 4);
  }
  assert.deepEqual([ofModels(given), given.claims.map(({ name }) => name)], [[], ['digits-checkpoints']]);
  finish(given);
});

test('a model whose claim was given back is not trained anew because its Job has gone', () => {
  const simulation = new Simulation(runOf(specOf({ whenBundled: 'Delete' })));
  finish(simulation);
  for (const [name, { component }] of simulation.jobs) if (component === 'train') simulation.jobs.delete(name);
  assert.deepEqual(simulation.step().create, []);
  assert.equal(simulation.run.status?.phase, 'Complete');
});

test('the claim of a model that is not wanted any more stays until the new bundle is published', () => {
  const override = { overrides: [{ states: '3', training: { images: 99 } }] };
  const retained = new Simulation(runOf(specOf()));
  finish(retained);
  change(retained, runOf(specOf({}, override)));
  finish(retained);
  assert.equal(ofModels(retained).length, 5, 'a spec that is changed back finds its model');
  const simulation = new Simulation(runOf(specOf({ whenBundled: 'Delete' })));
  simulation.prepare();
  const before = ofModels(simulation);
  change(simulation, runOf(specOf({ whenBundled: 'Delete' }, override)));
  simulation.step();
  assert.equal(ofModels(simulation).length, 5);
  for (const name of before) assert.ok(ofModels(simulation).includes(name));
  finish(simulation);
  assert.deepEqual(ofModels(simulation), []);
});

test('a wave mounts the claims that there are: what was collected for the bundle before needs none', () => {
  const simulation = new Simulation(runOf(specOf({ whenBundled: 'Delete' })));
  finish(simulation);
  const override = { overrides: [{ states: '3', training: { images: 99 } }] };
  change(simulation, runOf(specOf({ whenBundled: 'Delete' }, override)));
  const all: string[] = [];
  for (let i = 0; i < 20 && !(simulation.run.status?.phase === 'Complete' && i > 1); i++) {
    const planned = simulation.step();
    all.push(...created(planned, 'Job'), ...mounts(planned));
    for (const { name } of simulation.working()) simulation.succeed(name);
  }
  assert.deepEqual(all, [
    'digits-m3',
    'digits-collect',
    'model-3',
    'digits-aggregate',
    'digits-sample',
    'digits-evaluate',
  ]);
});

test('a claim that somebody deletes is made again for a Job that is at work, and for no other', () => {
  const simulation = new Simulation(runOf(specOf()));
  simulation.prepare();
  const [done] = simulation.training();
  assert.ok(done);
  simulation.succeed(done.name);
  simulation.claims = simulation.claims.filter(({ ofModel }) => !ofModel);
  const planned = simulation.step();
  assert.deepEqual(
    created(planned, 'PersistentVolumeClaim'),
    [1, 2, 3].map((i) => `digits-checkpoints-m${i}`),
  );
});

test('a model whose claim is on its way out, or refused, waits, and gives its slot to the next', () => {
  const spec = specOf({}, { execution: { maxParallel: 1 } });
  const before = new Simulation(runOf(spec));
  before.prepare();
  const [claim] = before.claims.filter(({ ofModel }) => ofModel);
  assert.ok(claim);
  const leaving = new Simulation(runOf(spec));
  leaving.claims = [{ ...claim, deleting: true }];
  assert.deepEqual(created(leaving.prepare(), 'Job'), ['digits-m1']);
  const refused = new Simulation(runOf(spec));
  const refusal = { reason: 'ChildRefused' as const, message: 'exceeded quota', until: Number.POSITIVE_INFINITY };
  refused.refused = new Map([[claim.name, refusal]]);
  const planned = refused.prepare();
  assert.deepEqual(
    [created(planned, 'PersistentVolumeClaim'), created(planned, 'Job')],
    [['digits-checkpoints-m1'], ['digits-m1']],
  );
});

test('all claims go with the run, or stay, as the spec says', () => {
  const simulation = new Simulation(runOf(specOf()));
  simulation.prepare();
  change(simulation, runOf(specOf({ whenDeleted: 'Delete' })));
  assert.equal(simulation.step().reown.length, 5);
  assert.ok(simulation.claims.every(({ owned }) => owned));
});

test('a run of the same name that finds its claims makes none anew', () => {
  const before = new Simulation(runOf(specOf()));
  finish(before);
  const after = new Simulation(runOf(specOf()));
  after.claims = before.claims;
  finish(after);
  assert.equal(after.claims.length, 5);
  assert.ok(after.created.every((name) => !before.claims.some((claim) => claim.name === name)));
});

test('whatever ends first, and whichever claims vanish meanwhile, every model has one claim and one Job, and one pod at a time writes to the run’s', () => {
  const scenario = fc.record({
    maxParallel: fc.integer({ min: 1, max: 5 }),
    claimsPerWave: fc.integer({ min: 1, max: 4 }),
    whenBundled: fc.constantFrom('Retain', 'Delete'),
    choices: fc.array(fc.nat(1000), { maxLength: 40 }),
  });
  fc.assert(
    fc.property(scenario, ({ maxParallel, claimsPerWave, whenBundled, choices }) => {
      const execution = { maxParallel, aggregation: { claimsPerWave } };
      const simulation = new Simulation(runOf(specOf({ whenBundled }, { execution })));
      for (const choice of choices) {
        simulation.step();
        const working = simulation.working();
        const own = working.filter(({ component }) => component !== 'train');
        assert.ok(own.length <= 1);
        assert.ok(working.length - own.length <= maxParallel);
        if (choice % 7 === 0) simulation.claims = simulation.claims.filter((_, i) => i !== choice % 5);
        else if (working.length > 0) simulation.succeed(working[choice % working.length]?.name ?? '');
      }
      finish(simulation);
      assert.equal(simulation.run.status?.phase, 'Complete');
      const jobs = simulation.created.filter((name) => simulation.jobs.has(name));
      assert.equal(jobs.length, 4 + Math.ceil(4 / claimsPerWave) + 4);
      assert.equal(new Set(jobs).size, jobs.length);
      if (whenBundled === 'Delete') assert.deepEqual(ofModels(simulation), []);
      assert.deepEqual(simulation.step().create, []);
    }),
    { numRuns: 100 },
  );
});
