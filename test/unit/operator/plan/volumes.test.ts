import assert from 'node:assert/strict';
import { test } from 'node:test';
import { components } from '../../../../src/api/names.ts';
import { addressesOf, modelPlans, unreadData } from '../../../../src/operator/plan/identity.ts';
import { steps } from '../../../../src/operator/plan/steps.ts';
import { volumesFor } from '../../../../src/operator/plan/volumes.ts';
import { everything } from '../../../helpers/everything.ts';
import { runOf } from '../../../helpers/simulation.ts';

function mounted(spec: Record<string, unknown>) {
  const run = runOf(spec);
  const models = modelPlans(run.spec);
  return Object.fromEntries(
    components.map((step) => {
      const [job] = steps[step].jobs(run, models, addressesOf(run.spec, models, unreadData));
      assert.ok(job);
      const volumes = volumesFor(run, job.task);
      for (const { volume } of volumes)
        assert.equal(volume.persistentVolumeClaim?.readOnly ?? false, !['run', 'tmp'].includes(volume.name));
      return [step, volumes.map(({ volume }) => volume.name)];
    }),
  );
}

test('each step mounts what it reads, and the data only where they are prepared', () => {
  assert.deepEqual(mounted({ ...everything, execution: {} }), {
    prepare: ['run', 'data', 'reference', 'weights', 'codec', 'warmstart', 'tmp'],
    train: ['run', 'warmstart', 'tmp'],
    aggregate: ['run', 'tmp'],
    sample: ['run', 'weights', 'codec', 'tmp'],
    evaluate: ['run', 'reference', 'weights', 'tmp'],
  });
});

test('a claim that the run does not name is not mounted', () => {
  const { prepare, evaluate } = mounted({ evaluation: { extractor: { name: 'mnist-classifier' } } });
  assert.deepEqual(
    [prepare, evaluate],
    [
      ['run', 'data', 'tmp'],
      ['run', 'tmp'],
    ],
  );
});
