import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import sharp from 'sharp';
import { pack } from 'tar-stream';
import { mnistDigits } from '../../scripts/mnist.ts';
import { ddr } from '../helpers/ddr.ts';
import { requireS3 } from './platform.ts';

const { skip, server } = requireS3();

export { skip };

const variables = {
  AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
};

/** What pods get the credentials from. */
export const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's3' }, stringData: variables };

/** A place in the bucket, as a run names it. */
export const place = (prefix: string) => ({
  endpoint: server.endpoint,
  bucket: server.bucket,
  region: server.region,
  prefix,
  secretName: secret.metadata.name,
});

const connect = () =>
  new S3Client({
    endpoint: server.endpoint,
    region: server.region,
    forcePathStyle: true,
    credentials: server.credentials,
  });

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

/** Puts three shards of 200 digits below a prefix. */
export async function putDigits(prefix: string): Promise<void> {
  for (const [i, first] of [0, 200, 400].entries()) {
    const key = `${prefix}/digits-00000${i}.tar`;
    await connect().send(new PutObjectCommand({ Bucket: server.bucket, Key: key, Body: await tarOf(first, 200) }));
  }
}

interface Manifest {
  models: { sha256: string }[];
}
const digestsIn = (manifest: string) => (JSON.parse(manifest) as Manifest).models.map(({ sha256 }) => sha256);

/** sha256 of each model's weights, as the manifest of a bundle in the bucket has them. */
export async function digestsInBucket(prefix: string, bundle: string): Promise<string[]> {
  const client = connect();
  const place = { Bucket: server.bucket };
  const folder = `${prefix}/${bundle.slice(0, bundle.lastIndexOf('/'))}`;
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ ...place, Prefix: folder }));
  const key = Contents.find(({ Key = '' }) => Key.endsWith('/manifest.json'))?.Key;
  const { Body } = await client.send(new GetObjectCommand({ ...place, Key: key }));
  return digestsIn((await Body?.transformToString()) ?? '');
}

/** Digests of the models of a spec whose checkpoints go to a claim, run on this machine, where nobody disturbs it. */
export async function undisturbed(folder: string, object: object, volumes: string[] = []): Promise<string[]> {
  const { name } = (object as { metadata: { name: string } }).metadata;
  const file = join(folder, 'run.yaml');
  writeFileSync(file, JSON.stringify(object));
  const { code, errors } = await ddr(['run', file, '--home', join(folder, 'home'), ...volumes], undefined, variables);
  assert.equal(code, 0, errors);
  const bundles = join(folder, 'home/volumes', `${name}-checkpoints`, 'runs', name, 'bundles');
  const [bundle = ''] = readdirSync(bundles);
  return digestsIn(readFileSync(join(bundles, bundle, 'manifest.json'), 'utf8'));
}

/** The run with other fields of its spec. */
export const withSpec = (object: object, fields: object) => {
  const { spec, ...rest } = object as { spec: object };
  return { ...rest, spec: { ...spec, ...fields } };
};
