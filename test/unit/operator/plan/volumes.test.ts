import assert from 'node:assert/strict';
import { test } from 'node:test';
import { components } from '../../../../src/api/names.ts';
import { bucketVariables } from '../../../../src/operator/plan/buckets.ts';
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
        assert.equal(
          volume.persistentVolumeClaim?.readOnly ?? false,
          !['run', 'tmp', 'data-cache'].includes(volume.name),
        );
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

test('with a claim for each model training writes to that, and reads what the data are prepared from', () => {
  const perModel = { checkpoints: { volume: { perModel: { size: '1Gi' } } } };
  const run = runOf({ ...everything, ...perModel, execution: {} });
  const models = modelPlans(run.spec);
  const jobs = steps.train.jobs(run, models, addressesOf(run.spec, models, unreadData));
  const volumes = jobs.map(({ task }) => volumesFor(run, task));
  const claims = volumes.map((each) => each[0]?.volume.persistentVolumeClaim?.claimName.replace(/-[0-9a-f]{8}$/, ''));
  assert.deepEqual(claims, ['digits-checkpoints-m0', 'digits-checkpoints-m1']);
  const names = volumes[0]?.map(({ volume }) => volume.name);
  assert.deepEqual(names, ['run', 'warmstart', 'data', 'codec', 'tmp']);
});

test('a wave mounts the claims of its models that are there, read-only, each under its index', () => {
  const run = runOf({ checkpoints: { volume: { perModel: { size: '1Gi' } } } });
  const [hash, other] = ['a'.repeat(16), 'b'.repeat(16)];
  const models = [
    { index: 3, hash, mounted: true },
    { index: 4, hash: other, mounted: false },
  ];
  const [own, model] = volumesFor(run, { kind: 'collect', directory: 'runs/digits', hash, models });
  assert.equal(own?.volume.persistentVolumeClaim?.claimName, 'digits-checkpoints');
  assert.deepEqual(model, {
    volume: { name: 'model-3', persistentVolumeClaim: { claimName: 'digits-checkpoints-m3-aaaaaaaa', readOnly: true } },
    path: '/volumes/model-3',
    variable: 'DDR_MODEL_3_DIR',
  });
});

test('what streams the data mounts them too, and has a disk for what it has fetched where that is worth it', () => {
  const shards = (dataset: object) => ({
    dataset: {
      source: { volume: { claimName: 'data' } },
      image: { size: 32, channels: 1 },
      prepare: 'Index',
      ...dataset,
    },
    evaluation: { extractor: { name: 'mnist-classifier' } },
  });
  const streams = (dataset: object) => {
    const { prepare, train, aggregate, sample, evaluate } = mounted(shards(dataset));
    assert.deepEqual(
      [prepare, aggregate, sample],
      [
        ['run', 'data', 'tmp'],
        ['run', 'tmp'],
        ['run', 'tmp'],
      ],
    );
    assert.deepEqual(evaluate, train);
    return train;
  };
  assert.deepEqual(streams({ format: 'WebDataset' }), ['run', 'data', 'tmp']);
  assert.deepEqual(streams({ format: 'Parquet' }), ['run', 'data', 'data-cache', 'tmp']);
  assert.deepEqual(streams({ format: 'WebDataset', cache: { size: '1Gi' } }), ['run', 'data', 'data-cache', 'tmp']);
  assert.deepEqual(streams({ format: 'Parquet', cache: { size: '0' } }), ['run', 'data', 'tmp']);
});

test('a cache is as large as the spec says, and a pod that evaluates against a file has none', () => {
  const s3 = { source: { volume: undefined, s3: { bucket: 'data' } }, format: 'WebDataset', prepare: 'Index' };
  const volumesOf = (step: 'train' | 'evaluate', spec: Record<string, unknown>) => {
    const run = runOf(spec);
    const models = modelPlans(run.spec);
    const [job] = steps[step].jobs(run, models, addressesOf(run.spec, models, unreadData));
    return volumesFor(run, job?.task ?? assert.fail()).filter(
      ({ volume }) => volume.emptyDir && volume.name === 'data-cache',
    );
  };
  const image = { size: 32, channels: 1 };
  const cache = (sizeLimit: string) => ({
    volume: { name: 'data-cache', emptyDir: { sizeLimit } },
    path: '/volumes/cache',
    variable: 'DDR_CACHE_DIR',
  });
  assert.deepEqual(volumesOf('train', { dataset: { ...s3, image } }), [cache('8Gi')]);
  assert.deepEqual(volumesOf('train', { dataset: { ...s3, image, cache: { size: '20Gi' } } }), [cache('20Gi')]);
  const file = { volume: { claimName: 'reference', path: 'stats.npz' } };
  const evaluation = { extractor: { name: 'mnist-classifier' }, reference: { file } };
  assert.deepEqual(volumesOf('evaluate', { dataset: { ...s3, image }, evaluation }), []);
});

test('a training that prepares data of a bucket anew has the disk and the credentials that the prepare step has', () => {
  const run = runOf({
    dataset: {
      source: { s3: { bucket: 'data', path: 'faces', secretName: 'reader' } },
      format: 'ImageFolder',
      image: { size: 28, channels: 1 },
      cache: { size: '3Gi' },
    },
    checkpoints: { volume: { perModel: { size: '1Gi' } } },
  });
  const models = modelPlans(run.spec);
  const [job] = steps.train.jobs(run, models, addressesOf(run.spec, models, unreadData));
  assert.ok(job);
  const [, cache] = volumesFor(run, job.task);
  assert.deepEqual(cache?.volume, { name: 'data-cache', emptyDir: { sizeLimit: '3Gi' } });
  assert.ok(bucketVariables(run, job.task).some(({ name }) => name === 'DDR_DATA_AWS_ACCESS_KEY_ID'));
});
