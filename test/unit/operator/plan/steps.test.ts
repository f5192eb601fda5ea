import assert from 'node:assert/strict';
import { test } from 'node:test';
import { components } from '../../../../src/api/names.ts';
import { conditionTypes, phases } from '../../../../src/api/status.ts';
import { taskSchema } from '../../../../src/api/task.ts';
import { addressesOf, modelPlans, unreadData } from '../../../../src/operator/plan/identity.ts';
import { mountsOf, steps } from '../../../../src/operator/plan/steps.ts';
import { conditioned, everything } from '../../../helpers/everything.ts';
import { runOf } from '../../../helpers/simulation.ts';

test('a step’s name is its kind of task, and conditions and phases stand in the order of the steps', () => {
  assert.deepEqual(
    components.map((step) => steps[step].condition),
    conditionTypes.filter((type) => components.some((step) => steps[step].condition === type)),
  );
  assert.deepEqual(
    components.map((step) => steps[step].phase),
    phases.filter((phase) => components.some((step) => steps[step].phase === phase)),
  );
});

/** All models and all steps of a spec that leaves some to others. */
const whole = (spec: typeof everything) => ({
  ...spec,
  execution: { ...spec.execution, states: undefined, aggregate: true },
});

for (const [name, spec] of Object.entries({
  everything: whole(everything),
  conditioned: whole(conditioned),
  minimal: {},
})) {
  test(`every Job has a task of its step that the trainer takes as it is, and a name of its own: ${name}`, () => {
    const run = runOf(spec);
    const models = modelPlans(run.spec);
    const addresses = addressesOf(run.spec, models, unreadData);
    const jobs = components.flatMap((step) => steps[step].jobs(run, models, addresses));
    assert.equal(jobs.length, models.length + components.length - 1);
    assert.equal(new Set(jobs.map((job) => job.name)).size, jobs.length);
    for (const { step, hash, task } of jobs) {
      assert.deepEqual(taskSchema.parse(JSON.parse(JSON.stringify(task))), task);
      assert.deepEqual([task.kind, task.hash, task.directory], [step, hash, 'runs/digits']);
    }
  });
}

test('models with claims of their own are told what to prepare the data from, and are collected before they are bundled', () => {
  const run = runOf({ ...everything, execution: {}, checkpoints: { volume: { perModel: { size: '1Gi' } } } });
  const models = modelPlans(run.spec);
  const addresses = addressesOf(run.spec, models, unreadData);
  const [train] = steps.train.jobs(run, models, addresses);
  assert.ok(train?.task.kind === 'train');
  const { dataset, codec } = run.spec;
  assert.deepEqual(train.task.source, { prepared: addresses.prepare, dataset, codec });
  assert.deepEqual(mountsOf(train.task), ['warmstart', 'data', 'codec']);
  const kinds = steps.aggregate.jobs(run, models, addresses).map(({ task }) => task.kind);
  assert.deepEqual(kinds, ['collect', 'aggregate']);
});

test('contexts of the samples are prepared, and sampling is told where they are; without them neither is', () => {
  const tasksOf = (spec: object) => {
    const run = runOf({ ...spec, execution: {} });
    const models = modelPlans(run.spec);
    const addresses = addressesOf(run.spec, models, unreadData);
    return components.flatMap((step) => steps[step].jobs(run, models, addresses).map(({ task }) => task));
  };
  const tasks = tasksOf(conditioned);
  const prepare = tasks.find(({ kind }) => kind === 'prepare');
  const sample = tasks.find(({ kind }) => kind === 'sample');
  assert.deepEqual(prepare?.kind === 'prepare' && prepare.prompts, conditioned.sampling?.contexts);
  assert.equal(sample?.kind === 'sample' && sample.prepared, prepare?.hash);
  for (const task of tasksOf({}))
    assert.ok(!('prompts' in task) && (task.kind === 'evaluate' || !('prepared' in task)));
});
