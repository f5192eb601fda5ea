import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, afterEach, before, test } from 'node:test';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import sharp from 'sharp';
import { pack } from 'tar-stream';
import { mnistDigits } from '../../scripts/mnist.ts';
import { temporaryFolder } from '../helpers/folder.ts';
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
  smallRun,
  systemNamespace,
  untilPhase,
} from './cluster.ts';
import { requireS3 } from './platform.ts';
import { untilTraining } from './trainers.ts';

const namespace = 'ddr-e2e-storage';
const { skip, server } = requireS3();
const place = (prefix: string) => ({
  endpoint: server.endpoint,
  bucket: server.bucket,
  region: server.region,
  prefix: `${namespace}/${prefix}`,
  secretName: 's3',
});
const connect = () =>
  new S3Client({
    endpoint: server.endpoint,
    region: server.region,
    forcePathStyle: true,
    credentials: server.credentials,
  });
const variables = {
  AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
};

/** Digits [first, first + count) as a shard of a WebDataset. */
async function tarOf(first: number, count: number): Promise<Buffer> {
  const { images, labels } = mnistDigits();
  const shard = pack();
  for (let i = first; i < first + count; i++) {
    const pixels = images.subarray(i * 784, (i + 1) * 784);
    const png = await sharp(pixels, { raw: { width: 28, height: 28, channels: 1 } })
      .png()
      .toBuffer();
    const key = String(i).padStart(5, '0');
    shard.entry({ name: `${key}.png` }, png);
    shard.entry({ name: `${key}.cls` }, String(labels[i]));
  }
  shard.finalize();
  return buffer(shard);
}

interface Manifest {
  models: { sha256: string }[];
}
const digestsIn = (manifest: string) => (JSON.parse(manifest) as Manifest).models.map(({ sha256 }) => sha256);

/** Digests of the models of the same spec, run on this machine, where nobody disturbs it. */
async function undisturbed(folder: string, object: object, volumes: string[] = []): Promise<string[]> {
  const file = join(folder, 'run.yaml');
  writeFileSync(file, JSON.stringify(object));
  const args = ['src/cli/main.ts', 'run', file, '--home', join(folder, 'home'), ...volumes];
  await run(process.execPath, args, { env: variables });
  const runs = join(folder, 'home/volumes', `${nameOf(object)}-checkpoints`, 'runs', nameOf(object), 'bundles');
  const [bundle = ''] = readdirSync(runs);
  return digestsIn(readFileSync(join(runs, bundle, 'manifest.json'), 'utf8'));
}

const nameOf = (object: object) => (object as { metadata: { name: string } }).metadata.name;

const withSpec = (object: object, fields: object) => {
  const { spec, ...rest } = object as { spec: object };
  return { ...rest, spec: { ...spec, ...fields } };
};

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

const training = { images: 3200, batchSize: 32, threads: 1, seed: 3 };

test('data and checkpoints where clusters keep them', { skip }, async (t) => {
  before(async () => {
    await installChart();
    await prepareNamespace(namespace);
    await apply(namespace, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's3' }, stringData: variables });
    for (const [i, first] of [0, 200, 400].entries()) {
      const key = `${namespace}/digits/digits-00000${i}.tar`;
      await connect().send(new PutObjectCommand({ Bucket: server.bucket, Key: key, Body: await tarOf(first, 200) }));
    }
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
        source: { s3: place('digits') },
        format: 'WebDataset',
        prepare: 'Index',
        image: { size: 28, channels: 1 },
        labels: { classes: 10, from: 'Cls' },
      },
      checkpoints: { objectStore: place('checkpoints'), everyImages: 320 },
    });
    await apply(namespace, object);
    await disturb('bucket');
    const { status } = await untilPhase(namespace, 'bucket', 'Complete', 400);
    assert.equal(status?.dataset?.count, 600);
    assert.deepEqual(await children(namespace, 'bucket', 'pvc'), []);

    const client = connect();
    const key = `${place('checkpoints').prefix}/${status?.bundle?.path}`;
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: server.bucket, Prefix: key }));
    const manifest = Contents.find(({ Key = '' }) => Key.includes('manifest.json'))?.Key;
    const { Body } = await client.send(new GetObjectCommand({ Bucket: server.bucket, Key: manifest }));
    const shared = { volume: { shared: { size: '1Gi' } }, everyImages: 320 };
    const expected = await undisturbed(temporaryFolder(t), withSpec(object, { checkpoints: shared }));
    assert.deepEqual(digestsIn((await Body?.transformToString()) ?? ''), expected);
  });

  await t.test('from Parquet to a claim for each model, disturbed, in waves', async (t) => {
    const file = join(root, 'test/fixtures/shards/snappy.parquet');
    await kubectl('exec', '-n', namespace, 'mnist-data', '--', 'mkdir', '-p', '/data/parquet');
    await kubectl('cp', '-n', namespace, file, 'mnist-data:/data/parquet/snappy.parquet');
    const dataset = {
      source: { volume: { claimName: 'mnist-data', path: 'parquet' } },
      format: 'Parquet',
      prepare: 'Index',
      image: { size: 28, channels: 1 },
      labels: { classes: 10, from: 'Column' },
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
    assert.equal(jobs.filter(({ metadata }) => metadata.labels?.['tspace.dev/component'] === 'collect').length, 2);

    const folder = temporaryFolder(t);
    await run('cp', ['-r', join(root, 'test/fixtures/shards'), join(folder, 'data')]);
    await run('sh', ['-c', `mkdir parquet && mv snappy.parquet parquet/`], { cwd: join(folder, 'data') });
    const shared = { volume: { shared: { size: '1Gi' } }, everyImages: 320 };
    const local = withSpec(object, { checkpoints: shared, execution: { maxParallel: 2 } });
    const expected = await undisturbed(folder, local, ['--volume', `mnist-data=${join(folder, 'data')}`]);
    assert.deepEqual(await modelDigests(namespace, 'claims'), expected);
    assert.equal((await getRun(namespace, 'claims')).status?.models?.failed, 0);
  });
});
