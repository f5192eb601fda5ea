import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { temporaryFolder } from '../helpers/folder.ts';
import { digestsInBucket, place, putDigits, secret, skip, undisturbed, withSpec } from './bucket.ts';
import {
  apply,
  children,
  dump,
  getRun,
  installChart,
  kubectl,
  leaseHolder,
  modelDigests,
  prepareNamespace,
  root,
  run,
  skipUnlessFull,
  smallRun,
  systemNamespace,
  untilPhase,
} from './cluster.ts';
import { untilTraining } from './trainers.ts';

const namespace = 'ddr-e2e-storage';
/** Checkpoints on a claim, as often: it changes no model. */
const onClaim = { volume: { shared: { size: '1Gi' } }, everyImages: 320 };

/** Deletes a training pod and the operator that leads. */
async function disturb(name: string): Promise<void> {
  const { metadata } = await untilTraining(namespace, name, 320);
  await kubectl('delete', 'pod', '-n', namespace, metadata.name, '--wait=false');
  await kubectl(
    'delete',
    'pod',
    '-n',
    systemNamespace,
    await leaseHolder(),
    '--wait=false',
    '--grace-period=0',
    '--force',
  );
}

const training = { images: 1920, batchSize: 32, threads: 1, seed: 3 };

test('data and checkpoints where clusters keep them', { skip }, async (t) => {
  before(async () => {
    await installChart();
    await prepareNamespace(namespace);
    await apply(namespace, secret);
    await putDigits(`${namespace}/digits`);
  });
  after(async () => {
    await kubectl('delete', 'namespace', namespace, '--wait=false');
  });
  afterEach(async (context) => {
    if ('passed' in context && context.passed === false) await dump(namespace, context.name);
  });

  await t.test('from a WebDataset in a bucket to checkpoints in a bucket, disturbed, without any claim', async (t) => {
    const object = smallRun('bucket', {
      schedule: { states: 3 },
      training,
      dataset: {
        source: { s3: place(`${namespace}/digits`) },
        format: 'WebDataset',
        prepare: 'Index',
        image: { size: 28, channels: 1 },
        labels: { classes: 10, from: 'Cls' },
      },
      checkpoints: { objectStore: place(`${namespace}/runs`), everyImages: 320 },
    });
    await apply(namespace, object);
    await disturb('bucket');
    const { status } = await untilPhase(namespace, 'bucket', 'Complete', 400);
    assert.equal(status?.dataset?.count, 600);
    assert.deepEqual(await children(namespace, 'bucket', 'pvc'), []);

    const digests = await digestsInBucket(`${namespace}/runs`, status?.bundle?.path ?? '');
    const local = withSpec(object, { checkpoints: onClaim });
    assert.deepEqual(digests, await undisturbed(temporaryFolder(t), local));
  });

  await t.test('from Parquet to a claim for each model, disturbed, in waves', { skip: skipUnlessFull }, async (t) => {
    const file = join(root, 'test/fixtures/shards/snappy.parquet');
    await kubectl('exec', '-n', namespace, 'mnist-data', '--', 'mkdir', '-p', '/data/parquet');
    await kubectl('cp', '-n', namespace, file, 'mnist-data:/data/parquet/snappy.parquet');
    const dataset = {
      source: { volume: { claimName: 'mnist-data', path: 'parquet' } },
      format: 'Parquet',
      prepare: 'Index',
      image: { size: 28, channels: 1 },
      labels: { classes: 3, from: 'Column' },
    };
    const object = smallRun('claims', {
      schedule: { states: 3 },
      training,
      dataset,
      execution: {
        maxParallel: 2,
        aggregation: { claimsPerWave: 2 },
        resources: { requests: { cpu: '100m', memory: '512Mi' }, limits: { 'nvidia.com/gpu': '1' } },
      },
      checkpoints: { volume: { perModel: { size: '100Mi' } }, everyImages: 320 },
    });
    await apply(namespace, object);
    await disturb('claims');
    await untilPhase(namespace, 'claims', 'Complete', 400);
    const claims = await children(namespace, 'claims', 'pvc');
    assert.equal(claims.length, 4, 'a claim for each model, and one for what all become');
    const jobs = await children(namespace, 'claims', 'jobs');
    assert.equal(jobs.filter(({ metadata }) => metadata.name.startsWith('claims-collect-')).length, 2, 'waves');

    const folder = temporaryFolder(t);
    await run('cp', ['-r', join(root, 'test/fixtures/shards'), join(folder, 'data')]);
    await run('sh', ['-c', `mkdir parquet && mv snappy.parquet parquet/`], { cwd: join(folder, 'data') });
    const local = withSpec(object, { checkpoints: onClaim, execution: { maxParallel: 2 } });
    const expected = await undisturbed(folder, local, ['--volume', `mnist-data=${join(folder, 'data')}`]);
    assert.deepEqual(await modelDigests(namespace, 'claims'), expected);
    assert.equal((await getRun(namespace, 'claims')).status?.models?.failed, 0);
  });
});
