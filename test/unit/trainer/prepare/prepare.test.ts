import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { zipSync } from 'fflate';
import { datasetKey, runLayout } from '../../../../src/api/layout.ts';
import type { Dataset } from '../../../../src/api/spec/dataset.ts';
import { evaluationSchema } from '../../../../src/api/spec/evaluation.ts';
import type { PrepareTask } from '../../../../src/api/task.ts';
import { renderTermination, terminationMessageBytes } from '../../../../src/api/termination.ts';
import { openDataset, startDigest } from '../../../../src/trainer/artifacts/dataset.ts';
import { loadPrepared } from '../../../../src/trainer/artifacts/prepared.ts';
import type { TrainerContext } from '../../../../src/trainer/context/context.ts';
import { writeNpy } from '../../../../src/trainer/formats/npy.ts';
import { runPrepare } from '../../../../src/trainer/prepare/prepare.ts';
import { datasetOf, png, volumeOf } from '../../../helpers/data.ts';
import { cutAfter, faults, fileServer, status } from '../../../helpers/httpFiles.ts';
import { type TestStore, temporaryStore, trainerContext } from '../../../helpers/trainer.ts';

const directory = 'runs/test';
const hash = '0123456789abcdef';
const prepareTask = (dataset: Dataset, fields: Partial<PrepareTask> = {}): PrepareTask => ({
  kind: 'prepare',
  directory,
  hash,
  dataset,
  ...fields,
});

interface Bench extends TestStore {
  data: string;
  context: (fields?: Partial<TrainerContext>) => ReturnType<typeof trainerContext>;
  prepare: (task: PrepareTask, fields?: Partial<TrainerContext>) => ReturnType<typeof prepared>;
}

async function prepared(task: PrepareTask, context: TrainerContext) {
  const result = await runPrepare(task, context);
  assert.ok(result.kind === 'prepare');
  return result;
}

function bench(t: TestContext, files: Record<string, Uint8Array | string>): Bench {
  const { root, store } = temporaryStore(t);
  const data = volumeOf(t, files);
  const context = (fields: Partial<TrainerContext> = {}) => trainerContext(store, { volumes: { data }, ...fields });
  return { root, store, data, context, prepare: (task, fields) => prepared(task, context(fields)) };
}

/** Names of everything in a store's folder, half-written folders among them. */
const namesIn = (root: string, folder: string) => readdirSync(join(root, folder)).sort();

const pixels = Uint8Array.from({ length: 48 }, (_, i) => i * 5);
const npy = (bytes = pixels) => writeNpy({ shape: [bytes.length / 16, 4, 4], data: bytes });
const digestOf = (bytes: Uint8Array) =>
  startDigest(bytes.length / 16, { size: 4, channels: 1 })
    .update(bytes)
    .digest('hex');

test('files at URLs become what those of a volume do, whatever fails on the way; and are not fetched again', async (t) => {
  const files = { 'x/a.png': await png(7), 'y/b.png': await png(8), 'y/readme.txt': 'text' };
  const server = await fileServer(t, files);
  const { root, prepare } = bench(t, files);
  const fields = { labels: { classes: 2, from: 'ClassFolders' } };
  const onVolume = await prepare(prepareTask(datasetOf('ImageFolder', '', fields)));
  const urls = Object.keys(files).map((name) => `${server.url}/${name}`);
  const dataset = datasetOf('ImageFolder', '', { ...fields, source: { http: { urls } } });
  const task = prepareTask(dataset, { hash: 'fedcba9876543210' });
  server.fault = faults(status(503), () => false, cutAfter(20));
  const overNetwork = await prepare(task);
  assert.deepEqual({ ...overNetwork, previous: undefined }, { ...onVolume, previous: undefined });
  assert.deepEqual([overNetwork.count, overNetwork.leftOut], [2, 1]);
  server.asked.length = 0;
  await prepare(task);
  assert.ok(server.asked.every((request) => request.startsWith('HEAD')));
  server.files.set('/x/a.png', Buffer.from(await png(9)));
  const other = await prepare(task);
  assert.notEqual(other.sha256, onVolume.sha256);
  assert.equal(other.previous, onVolume.sha256);
  assert.equal(namesIn(root, 'datasets').length, 2);
});

test('files that change while they are fetched and read fail the step, and nothing is kept', async (t) => {
  const server = await fileServer(t, { 'a.npy': npy() });
  const { root, prepare } = bench(t, {});
  const dataset = datasetOf('Npy', '', { source: { http: { urls: [`${server.url}/a.npy`] } } });
  server.fault = (request) => {
    if (request.method === 'GET')
      setTimeout(() => server.files.set('/a.npy', Buffer.from(npy(pixels.map((x) => x + 1)))), 0);
    return false;
  };
  await assert.rejects(prepare(prepareTask(dataset)), { code: 'DataChanged', where: `${server.url}/` });
  assert.deepEqual(namesIn(root, '.').includes('datasets') ? namesIn(root, 'datasets') : [], []);
});

test('the data are there under the digest of what they hold', async (t) => {
  const { store, prepare } = bench(t, { 'a.npy': npy() });
  const result = await prepare(prepareTask(datasetOf('Npy', 'a.npy')));
  assert.deepEqual(result, {
    kind: 'prepare',
    dataset: datasetKey(digestOf(pixels).slice(0, 16)),
    sha256: digestOf(pixels),
    count: 3,
    leftOut: 0,
    broken: 0,
    notices: [],
  });
  const dataset = await openDataset(store, result.sha256.slice(0, 16));
  assert.deepEqual(await dataset.batch(0, 3), pixels);
  const record = await loadPrepared(store, runLayout(directory).prepared(hash), hash);
  assert.equal(record?.source.where, 'data/a.npy');
  assert.deepEqual(record?.dataset, { address: result.sha256.slice(0, 16), count: 3, sha256: result.sha256 });
});

test('what was prepared of the same files is kept, without reading them', async (t) => {
  const { root, data, prepare } = bench(t, { 'a.npy': npy() });
  const task = prepareTask(datasetOf('Npy', 'a.npy'));
  const first = await prepare(task);
  const { mtimeNs } = statSync(join(data, 'a.npy'), { bigint: true });
  const written = statSync(join(root, first.dataset, 'images.npy')).mtimeMs;
  assert.deepEqual(await prepare(task), first);
  assert.equal(statSync(join(root, first.dataset, 'images.npy')).mtimeMs, written);
  assert.ok(mtimeNs > 0n);
});

test('other data under the same path are other data, and it is said what they were', async (t) => {
  const { root, data, prepare } = bench(t, { 'a.npy': npy() });
  const task = prepareTask(datasetOf('Npy', 'a.npy'));
  const first = await prepare(task);
  writeFileSync(join(data, 'a.npy'), npy(pixels.slice(0, 32)));
  const second = await prepare(task);
  assert.deepEqual([second.count, second.previous], [2, first.sha256]);
  assert.notEqual(second.dataset, first.dataset);
  assert.equal(namesIn(root, 'datasets').length, 2);
  const revised = await prepare(prepareTask(datasetOf('Npy', 'a.npy', { revision: '2' }), { hash: 'f'.repeat(16) }));
  assert.deepEqual([revised.sha256, revised.previous], [second.sha256, undefined]);
});

test('files that were only touched give the same data', async (t) => {
  const { data, prepare } = bench(t, { 'a.npy': npy() });
  const task = prepareTask(datasetOf('Npy', 'a.npy'));
  const first = await prepare(task);
  utimesSync(join(data, 'a.npy'), 1, 1);
  assert.deepEqual(await prepare(task), first);
});

test('equal data of several runs are there once, and damaged ones are made anew', async (t) => {
  const files = { 'a.png': await png(1), 'b.png': await png(2) };
  const { root, store, prepare } = bench(t, { ...files, 'z/a.zip': zipSync(files) });
  const first = await prepare(prepareTask(datasetOf('ImageFolder', '')));
  const second = await prepare(prepareTask(datasetOf('ImageZip', 'z/a.zip'), { directory: 'runs/other' }));
  assert.equal(second.dataset, first.dataset);
  assert.equal(namesIn(root, 'datasets').length, 1);
  const images = join(root, first.dataset, 'images.npy');
  writeFileSync(images, readFileSync(images).subarray(0, 140));
  const third = await prepare(prepareTask(datasetOf('ImageFolder', ''), { directory: 'runs/third' }));
  assert.equal(third.dataset, first.dataset);
  assert.deepEqual([...new Set(await (await openDataset(store, third.sha256.slice(0, 16))).batch(0, 2))], [1, 2]);
});

test('broken images that may be left out are left out, and named', async (t) => {
  const { root, store, prepare } = bench(t, { 'a.png': await png(1), 'b.png': '', 'c.png': await png(3), 'd.txt': '' });
  await assert.rejects(prepare(prepareTask(datasetOf('ImageFolder', ''))), {
    code: 'InputTruncated',
    message: /1 of 3 images/,
  });
  assert.deepEqual(namesIn(root, 'datasets'), []);
  const result = await prepare(prepareTask(datasetOf('ImageFolder', '', { maxBroken: 1 })));
  assert.deepEqual([result.count, result.leftOut, result.broken], [2, 1, 1]);
  assert.equal(
    result.sha256,
    startDigest(2, { size: 4, channels: 1 })
      .update(new Uint8Array(16).fill(1))
      .update(new Uint8Array(16).fill(3))
      .digest('hex'),
  );
  assert.match(result.notices.join('\n'), /1 file is no image.*1 \.txt\n1 image cannot be decoded.*b\.png/);
  const record = await loadPrepared(store, runLayout(directory).prepared(hash), hash);
  assert.deepEqual(record?.leftOut, { count: 1, bySuffix: { '.txt': 1 }, examples: ['d.txt'] });
  assert.deepEqual(record?.broken, { count: 1, examples: [{ name: 'b.png', message: 'is empty' }] });
});

test('what is said always fits a termination message', async (t) => {
  const files: Record<string, Uint8Array | string> = {};
  for (let i = 0; i < 30; i++) {
    files[`${'画'.repeat(60)}${i}.png`] = '';
    files[`${'語'.repeat(60)}${i}.s${i}`] = '';
  }
  const { prepare } = bench(t, { ...files, 'good.png': await png(1) });
  const result = await prepare(prepareTask(datasetOf('ImageFolder', '', { maxBroken: 100 })));
  const message = renderTermination({ outcome: 'Succeeded', result });
  assert.ok(Buffer.byteLength(message) <= terminationMessageBytes, String(Buffer.byteLength(message)));
});

test('files that change while they are read are refused, and nothing is left', async (t) => {
  const { root, data, prepare } = bench(t, { 'a.png': await png(1), 'b.png': await png(2) });
  const task = prepareTask(datasetOf('ImageFolder', ''));
  let changes = 0;
  const progress: TrainerContext['progress'] = ({ phase }) => {
    if (phase === 'Running') utimesSync(join(data, 'a.png'), ++changes, 1);
  };
  await assert.rejects(prepare(task, { progress }), { code: 'DataChanged', where: 'data', hint: /again/ });
  assert.deepEqual(namesIn(root, 'datasets'), []);
  assert.equal((await prepare(task)).count, 2);
});

test('a stopped preparation leaves nothing, and what a killed one left goes', async (t) => {
  const { root, prepare } = bench(t, { 'a.png': await png(1), 'b.png': await png(2) });
  const controller = new AbortController();
  const progress: TrainerContext['progress'] = ({ phase }) => {
    if (phase === 'Running') controller.abort();
  };
  const task = prepareTask(datasetOf('ImageFolder', ''));
  await assert.rejects(prepare(task, { progress, signal: controller.signal }), { code: 'Interrupted' });
  assert.deepEqual(namesIn(root, 'datasets'), []);
  writeFileSync(join(root, 'datasets', `.partial-test-${hash}-x`), 'left by a killed attempt');
  writeFileSync(join(root, 'datasets', '.partial-other-x'), 'written at this moment');
  await prepare(task);
  assert.deepEqual(
    namesIn(root, 'datasets').filter((name) => name.startsWith('.')),
    ['.partial-other-x'],
  );
});

test('progress counts images of all', async (t) => {
  const { context } = bench(t, { 'a.npy': npy(new Uint8Array(16 * 130)) });
  const told = context();
  await runPrepare(prepareTask(datasetOf('Npy', 'a.npy')), told);
  const running = told.reported.filter(({ phase }) => phase === 'Running');
  assert.deepEqual(
    running.map(({ done, total }) => [done, total]),
    [
      [0, 130],
      [64, 130],
      [128, 130],
    ],
  );
  assert.deepEqual(told.reported.at(-1), { phase: 'Done', done: 130, total: 130 });
});

test('too few images and too little room are refused before anything is read', async (t) => {
  const { store, prepare } = bench(t, { 'one.npy': npy(pixels.subarray(0, 16)), 'x/readme.txt': 'x', 'a.npy': npy() });
  const evaluation = evaluationSchema.parse({ extractor: { name: 'mnist-classifier' } });
  await assert.rejects(prepare(prepareTask(datasetOf('Npy', 'one.npy'), { evaluation })), {
    code: 'InputMismatch',
    message: /2 images at least, and there is 1/,
  });
  assert.equal((await prepare(prepareTask(datasetOf('Npy', 'one.npy')))).count, 1);
  await assert.rejects(prepare(prepareTask(datasetOf('ImageFolder', 'x'), { hash: 'a'.repeat(16) })), {
    code: 'InputMissing',
    message: /no images.*1 \.txt/,
  });
  const full = { ...store, free: async () => 1000 };
  await assert.rejects(prepare(prepareTask(datasetOf('Npy', 'a.npy'), { hash: 'b'.repeat(16) }), { store: full }), {
    code: 'DiskFull',
  });
});

test('no volume and no data are refused', async (t) => {
  const { data, prepare } = bench(t, { 'a.npy': npy() });
  await assert.rejects(prepare(prepareTask(datasetOf('Npy', 'a.npy')), { volumes: {} }), { code: 'InvalidTask' });
  rmSync(join(data, 'a.npy'));
  await assert.rejects(prepare(prepareTask(datasetOf('Npy', 'a.npy'))), { code: 'InputMissing' });
});

test('images that are all but black are told of: those of 0 and 1 are taken for bytes', async (t) => {
  const masks = Uint8Array.from({ length: 48 }, (_, i) => i % 2);
  const { prepare } = bench(t, { 'masks.npy': npy(masks), 'images.npy': npy(pixels) });
  const dark = await prepare(prepareTask(datasetOf('Npy', 'masks.npy')));
  assert.match(dark.notices.join(), /no pixel is brighter than 1 of 255/);
  const bright = await prepare(prepareTask(datasetOf('Npy', 'images.npy')));
  assert.deepEqual(bright.notices, []);
});
