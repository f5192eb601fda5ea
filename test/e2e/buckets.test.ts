import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createS3Client } from '../../src/trainer/s3/client.ts';
import { ddr, type Finished, root } from '../helpers/ddr.ts';
import { temporaryFolder } from '../helpers/folder.ts';
import { s3ServerOfFile, skipS3 } from '../helpers/s3Server.ts';

/** No cluster is needed for these: `ddr run` on this machine, with an S3 server by its URL. */
const server = s3ServerOfFile();
const options = { skip: skipS3, timeout: 600_000 };

const shards = join(root, 'test/fixtures/shards');
const names = readdirSync(shards).filter((name) => /^digits-\d+\.tar$/.test(name));

/** A run of one small model. */
const runOf = (source: object, checkpoints: object, dataset: object = {}) => ({
  apiVersion: 'tspace.dev/v1alpha1',
  kind: 'DisentangledDiffusionRun',
  metadata: { name: 'digits' },
  spec: {
    schedule: { states: 2, statesPerModel: 2 },
    dataset: { source, format: 'WebDataset', image: { size: 8, channels: 1 }, ...dataset },
    model: { baseChannels: 8, channelMultipliers: [1], residualBlocks: 1, attentionResolutions: [], normGroups: 4 },
    training: { images: 32, batchSize: 8, threads: 1 },
    checkpoints: { ...checkpoints, everyImages: 16 },
    sampling: { count: 4, batchSize: 4 },
  },
});

/** Of the bundle, whatever the report says of where it was made. */
const digestOf = ({ code, errors, events }: Finished) => {
  const last = events.at(-1);
  assert.equal(code, 0, `${errors} ${JSON.stringify(last?.failures)}`);
  return last?.bundle?.digest;
};

test('a run has one result wherever its data and its checkpoints are', options, async (t) => {
  const place = server().place();
  const client = createS3Client(place, server().credentials);
  for (const name of names) await client.put(`shards/${name}`, readFileSync(join(shards, name)));
  const home = temporaryFolder(t);
  const data = temporaryFolder(t);
  for (const name of names) copyFileSync(join(shards, name), join(data, name));
  const { accessKeyId, secretAccessKey } = server().credentials;
  const env = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  const run = (name: string, object: object) => {
    const file = join(home, `${name}.json`);
    writeFileSync(file, JSON.stringify(object));
    const args = ['run', file, '--home', join(home, name), '--volume', `data=${data}`];
    return ddr(args, () => {}, env);
  };
  const volume = { volume: { claimName: 'data' } };
  const s3 = { s3: { ...place, path: 'shards', secretName: 'reader' } };
  const shared = { volume: { shared: { size: '1Gi' } } };
  const objectStore = { objectStore: { ...place, prefix: `${place.prefix}-models`, secretName: 'writer' } };
  const limited = { limit: 16 };
  const onVolumes = digestOf(await run('volumes', runOf(volume, shared, limited)));
  const inBuckets = runOf(s3, objectStore, limited);
  assert.equal(digestOf(await run('buckets', inBuckets)), onVolumes);
  assert.ok(onVolumes);
  const again = await run('elsewhere', inBuckets);
  assert.equal(digestOf(again), onVolumes, 'another machine goes on from the bucket');
  assert.match(again.events.at(-1)?.report ?? '', /^s3:\/\/.*\/report\.html$/);
  assert.equal(digestOf(await run('streamed', runOf(s3, shared, { ...limited, prepare: 'Index' }))), onVolumes);
});
