import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { exportBundle } from '../../../../src/cli/bundle.ts';
import { asCaller, bucketAt, isBucketUrl, readBucket, writeBucket } from '../../../../src/cli/fetch/bucket.ts';
import { fetchRun } from '../../../../src/cli/fetch/command.ts';
import { jsonReporter } from '../../../../src/cli/fetch/reporter.ts';
import { withBundle } from '../../../../src/cli/places.ts';
import { openAnyBundle } from '../../../../src/trainer/artifacts/bundle.ts';
import { type Contents, reportContents, shardContents } from '../../../../src/trainer/artifacts/contents.ts';
import { copyBundle, verifyBundle } from '../../../../src/trainer/artifacts/moveBundle.ts';
import { createPosixStore } from '../../../../src/trainer/artifacts/posixStore.ts';
import type { ArtifactStore } from '../../../../src/trainer/artifacts/store.ts';
import { type CompletedRun, completedRun } from '../../../helpers/completedRun.ts';
import { temporaryFolder } from '../../../helpers/folder.ts';
import { s3ServerOfFile, skipS3 } from '../../../helpers/s3Server.ts';

test('a place is named by its URL, and reached by the variables of the caller', () => {
  assert.ok(isBucketUrl('s3://b/p') && !isBucketUrl('b/p'));
  const plain = bucketAt('s3://models/team/a/', {});
  assert.deepEqual(
    [plain.bucket, plain.prefix, plain.region, plain.endpoint],
    ['models', 'team/a', 'us-east-1', undefined],
  );
  const environment = { AWS_ENDPOINT_URL_S3: 'https://s3.example', AWS_DEFAULT_REGION: 'eu-central-1' };
  const own = asCaller({ ...plain, endpoint: 'http://inside:9000' }, environment);
  assert.deepEqual([own.endpoint, own.region], ['https://s3.example', 'eu-central-1']);
  assert.equal(asCaller({ ...plain, endpoint: 'http://inside:9000' }, {}).endpoint, 'http://inside:9000');
  for (const url of ['s3://', 's3://B', 's3://models/../x'])
    assert.throws(() => bucketAt(url, {}), { code: 'InvalidSpec', where: url });
});

const serverOf = s3ServerOfFile();

/** The caller's variables, for the server of this file. @returns URL of a place of the test's own */
function asUser(t: TestContext): string {
  const { endpoint, credentials, place } = serverOf();
  const names = ['AWS_ENDPOINT_URL_S3', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;
  const before = names.map((name) => process.env[name]);
  t.after(() =>
    names.forEach((name, i) => {
      if (before[i] === undefined) delete process.env[name];
      else process.env[name] = before[i];
    }),
  );
  const { accessKeyId, secretAccessKey } = credentials;
  names.forEach((name, i) => {
    process.env[name] = [endpoint, accessKeyId, secretAccessKey][i];
  });
  const { bucket, prefix } = place();
  return `s3://${bucket}/${prefix}`;
}

/** Puts what a run has made into another store, as its pods would have. */
async function into(store: ArtifactStore, run: CompletedRun): Promise<void> {
  const put = async (key: string, { files, record }: Contents) => {
    const contents: Record<string, Uint8Array> = {};
    for (const { name } of files) contents[name] = (await run.store.read(`${key}/${name}`)) ?? assert.fail();
    await store.commit(key, { ...contents, [record.name]: record.bytes });
  };
  await copyBundle({ store: run.store, key: run.bundle.path }, { store, key: run.bundle.path });
  const { report, ...contents } = await reportContents({ store: run.store, key: run.results.path });
  await put(run.results.path, contents);
  for (const shard of ['shard-0000', 'shard-0001']) {
    const key = `${report.samples?.path}/${shard}`;
    await put(key, await shardContents({ store: run.store, key }));
  }
}

const reporter = jsonReporter(
  () => {},
  () => 0,
);

test('results come out of a bucket, and a bundle goes there and back', { skip: skipS3 }, async (t) => {
  const run = await completedRun(t);
  const url = asUser(t);
  await into(await writeBucket(bucketAt(url, process.env)), run);
  const to = temporaryFolder(t);
  const none = { namespace: undefined, image: undefined, isOrphan: () => false };
  await fetchRun({ target: 'test', kinds: ['report', 'samples', 'bundle'], from: url, to, reporter, ...none });
  assert.ok(existsSync(join(to, 'report/report.html')) && existsSync(join(to, 'samples/shard-0001/images.npy')));
  const here = { store: createPosixStore(to), key: 'bundle' };
  assert.equal((await verifyBundle(here)).digest, run.bundle.digest);

  const where = { namespace: undefined, signal: new AbortController().signal, reporter };
  const read = <T>(text: string, use: Parameters<typeof withBundle<T>>[2]) => withBundle(text, where, use);
  await exportBundle({ from: `${url}/${run.bundle.path}`, to: `${url}/shared/digits`, format: 'ddr', reporter, read });
  await exportBundle({ from: `${url}/shared/digits`, to: join(to, 'back'), format: 'ddr', reporter, read });
  const back = { store: createPosixStore(to), key: 'back' };
  assert.equal((await verifyBundle(back)).digest, run.bundle.digest);
  assert.equal((await openAnyBundle(back.store, 'back')).manifest.models.length, 3);
});

test('a bucket without the run says so', { skip: skipS3 }, async (t) => {
  const url = asUser(t);
  const none = { namespace: undefined, image: undefined, isOrphan: () => false };
  const fetched = fetchRun({ target: 'test', kinds: ['report'], from: url, to: temporaryFolder(t), reporter, ...none });
  await assert.rejects(fetched, { code: 'InputMissing', message: /no report of run test/ });
  const store = await readBucket(bucketAt(url, process.env));
  assert.equal(await store.read('runs/test/x'), undefined);
});

test('a key that may not read is told of in the words of who calls', { skip: skipS3 }, async (t) => {
  const place = bucketAt(asUser(t), process.env);
  process.env.AWS_SECRET_ACCESS_KEY = 'wrong';
  const denied = { code: 'AccessDenied', hint: /Set AWS_ACCESS_KEY_ID/ };
  const store = await readBucket(place);
  await assert.rejects(store.read('runs/test/x'), denied);
  await assert.rejects(store.list('runs'), denied);
  await assert.rejects(writeBucket(place), denied);
});
