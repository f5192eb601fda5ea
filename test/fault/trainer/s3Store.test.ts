import assert from 'node:assert/strict';
import { createHash, randomInt } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { runLayout } from '../../../src/api/layout.ts';
import { loadNewestCheckpoint, saveCheckpoint } from '../../../src/trainer/artifacts/checkpoint.ts';
import { createS3Store, openS3Store } from '../../../src/trainer/artifacts/s3Store.ts';
import type { ArtifactStore } from '../../../src/trainer/artifacts/store.ts';
import { createS3Client } from '../../../src/trainer/s3/client.ts';
import { S3FaultProxy, s3Faults } from '../../helpers/s3FaultProxy.ts';
import { s3ServerOfFile, skipS3 } from '../../helpers/s3Server.ts';

// DDR_FAULT_COUNT lets more faults loose than the 1,000 of CI, DDR_FAULT_SEED the same again.
const wanted = Number(process.env.DDR_FAULT_COUNT ?? 1000);
const seed = Number(process.env.DDR_FAULT_SEED ?? randomInt(2 ** 31));

/** Processes that work at once, each on a model of its own. */
const workers = 8;
const [idle, budget] = [1000, 60_000];
/** No call may take longer, whatever happens to it. */
const longestCall = 90_000;
const partBytes = 5 * 2 ** 20;

const server = s3ServerOfFile();

/** Fails where something does not end. */
async function within<T>(what: string, call: Promise<T>): Promise<T> {
  const ended = new AbortController();
  const late = pause(longestCall, undefined, { signal: ended.signal }).then(() => assert.fail(`${what} hangs`));
  try {
    return await Promise.race([call, late]);
  } finally {
    ended.abort();
    await late.catch(() => {});
  }
}

/** Every call of a store, each of which has to end. */
function watched(store: ArtifactStore): ArtifactStore {
  return new Proxy(store, {
    get(target, name: keyof ArtifactStore) {
      const method = target[name] as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        const result = method.apply(target, args);
        return result instanceof Promise ? within(`${name} ${JSON.stringify(args[0])}`, result) : result;
      };
    },
  });
}

/** Bytes that tell whose they are at every position. */
function bytesOf(name: string, length: number): Buffer {
  const words: Buffer[] = [];
  for (let i = 0; i * 32 < length; i++) words.push(createHash('sha256').update(`${name} ${i}`).digest());
  return Buffer.concat(words).subarray(0, length);
}

async function* inPieces(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const checkpoint = (hash: string, images: number) => ({
  ...{ hash, images, seconds: 1, losses: [], pending: { sum: 0, count: 0 } },
  vectors: { names: ['a'], size: 1000 },
  pieces: [new Float32Array(1000).fill(images)],
});

/** A model that is trained by attempts that end at any time, to its final weights. @returns what must be there then */
async function trainModel(open: () => ArtifactStore, hash: string, length: number): Promise<Map<string, Buffer>> {
  const folders = runLayout('runs/test').model(hash);
  let before: { store: ArtifactStore; attempt: Awaited<ReturnType<ArtifactStore['takeAttempt']>> } | undefined;
  for (let images = 0; images < 300; ) {
    const store = open();
    const attempt = await store.takeAttempt(folders.attempts);
    for (const below of [folders.root, folders.checkpoints]) await store.removePartial({ below });
    const damaged = (path: string, error: Error) => assert.fail(`${path}: ${error.message}`);
    const newest = await loadNewestCheckpoint(store, folders.checkpoints, hash, damaged);
    assert.equal(newest?.images ?? 0, images, 'the newest checkpoint is there');
    const values = await newest?.state?.read('a');
    assert.ok(values?.every((value) => value === images) ?? true, 'of one checkpoint only');
    if (before !== undefined) {
      const old = before;
      const late = old.attempt.commit(() => saveCheckpoint(old.store, folders.checkpoints, checkpoint(hash, 999), 2));
      await assert.rejects(late, { code: 'Fenced' });
    }
    for (let step = 0; step < 3; step++) {
      images += 50;
      const seen = images;
      await attempt.commit(() => saveCheckpoint(store, folders.checkpoints, checkpoint(hash, seen), 2));
    }
    before = { store, attempt };
  }
  const weights = bytesOf(hash, length);
  const { store, attempt } = before ?? assert.fail();
  await attempt.commit(() => store.commit(folders.final, { weights: inPieces(weights, 100_000), record: hash }));
  await store.remove(folders.checkpoints);
  const [from, to] = [Math.floor(length / 3), Math.floor(length / 2)];
  const range = await store.readRange(`${folders.final}/weights`, from, to - from);
  assert.ok(weights.subarray(from, to).equals(range), 'a range is of the file');
  const bundle = `runs/test/bundles/${hash}`;
  await store.commit(bundle, { model: { copyOf: `${folders.final}/weights` }, manifest: hash });
  return new Map([
    [`${folders.final}/weights`, weights],
    [`${folders.final}/record`, Buffer.from(hash)],
    [`${bundle}/model`, weights],
    [`${bundle}/manifest`, Buffer.from(hash)],
  ]);
}

/** What lies in a place has to be this, and nothing else but attempts. */
async function verify(
  t: TestContext,
  place: ReturnType<ReturnType<typeof server>['place']>,
  files: Map<string, Buffer>,
) {
  const client = createS3Client(place, server().credentials);
  const store = createS3Store(client);
  for (const [key, bytes] of files) assert.ok(bytes.equals((await store.read(key)) ?? Buffer.of()), `${key} is there`);
  const { objects } = await client.list('');
  const kinds = objects.map(({ key }) =>
    /\/\.uploads\//.test(key) ? 'file' : /\/attempts\/\d+$/.test(key) ? 'attempt' : key,
  );
  const manifests = kinds.filter((kind) => kind.endsWith('/.committed.json')).length;
  const left = kinds.filter((kind) => kind === 'file').length - files.size;
  t.diagnostic(
    `${files.size} files of ${manifests} folders are as they were written; ${left} objects left of lost tries`,
  );
  assert.equal(manifests * 2, files.size, 'and no other folder');
}

test(`${wanted} faults before an S3 server: nothing lost, nothing mixed, nothing hangs`, {
  skip: skipS3,
  timeout: 30 * 60_000,
}, async (t) => {
  const { endpoint, credentials, place } = server();
  const proxy = await S3FaultProxy.start(t, { seed, rate: 0.5, upstream: endpoint });
  t.diagnostic(`seed ${seed}`);
  const there = place();
  const options = { patience: { idle, budget, random: () => Math.random() / 8 }, partBytes };
  await openS3Store({ ...there, endpoint: proxy.url }, credentials, options);
  const open = () => watched(createS3Store(createS3Client({ ...there, endpoint: proxy.url }, credentials, options)));
  const files = new Map<string, Buffer>();
  let models = 0;
  const work = async () => {
    while (proxy.total < wanted) {
      const number = models++;
      const length = number % 8 === 0 ? 2 * partBytes + 4321 : 50_000;
      for (const [key, bytes] of await trainModel(open, `model-${number}`, length)) files.set(key, bytes);
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: workers }, work));
  const counts = s3Faults.map((fault) => `${fault}: ${proxy.injected.get(fault) ?? 0}`).join(', ');
  t.diagnostic(`${proxy.total} faults of ${proxy.requests} requests, ${models} models: ${counts}`);
  assert.deepEqual(
    outcomes.filter(({ status }) => status === 'rejected').map((outcome) => (outcome as PromiseRejectedResult).reason),
    [],
  );
  assert.ok(proxy.total >= wanted && s3Faults.every((fault) => proxy.injected.has(fault)));
  await verify(t, there, files);
});
