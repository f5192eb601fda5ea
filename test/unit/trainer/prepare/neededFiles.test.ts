import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Dataset, datasetSchema } from '../../../../src/api/spec/dataset.ts';
import type { Remote } from '../../../../src/trainer/data/remote/remote.ts';
import { neededFiles } from '../../../../src/trainer/prepare/neededFiles.ts';

/** A prefix with files of these names. */
function remoteOf(...names: string[]): Remote {
  const none = () => Promise.reject(new Error('nothing is read'));
  return {
    describe: (path) => `s3://data/${path}`,
    isFile: async (path) => names.includes(path),
    find: async (path) =>
      names
        .filter((name) => name === path || path === '' || name.startsWith(`${path}/`))
        .map((name) => ({ name, size: 1, version: 'v' })),
    range: none,
    // biome-ignore lint/correctness/useYield: nothing is read
    async *stream() {
      await none();
    },
  };
}

const datasetAt = (path: string, format: Dataset['format'], fields: object = {}): Dataset =>
  datasetSchema.parse({
    source: { s3: { bucket: 'data', path } },
    format,
    image: { size: 4, channels: 1 },
    ...fields,
  });

async function needed(remote: Remote, dataset: Dataset, prompts?: Parameters<typeof neededFiles>[1]) {
  const { fetched, streamed, path } = await neededFiles(dataset, prompts, remote);
  return { fetched: fetched.map(({ name }) => name), streamed: streamed.map(({ name }) => name), path };
}

test('of a folder of images all files are fetched, and those of labels, contexts and prompts beside it', async () => {
  const remote = remoteOf('d/a/1.png', 'd/b/2.png', 'labels.npy', 'contexts.npy', 'prompts.npy', 'other.npy');
  const contexts = { path: 'contexts.npy', from: 'Npy', tokens: 4, width: 8 };
  const labels = { classes: 2, from: 'Npy', path: './labels.npy' };
  const dataset = datasetAt('d/', 'ImageFolder', { labels, contexts });
  assert.deepEqual(await needed(remote, dataset, { path: 'prompts.npy', from: 'Npy' }), {
    fetched: ['d/a/1.png', 'd/b/2.png', 'labels.npy', 'contexts.npy', 'prompts.npy'],
    streamed: [],
    path: 'd',
  });
});

test('one file among several is the one that is named; a folder of arrays is read as one, and of archives none is guessed', async () => {
  const remote = remoteOf('d/a.npy', 'd/b.npy', 'e/c.npy');
  for (const format of ['Npy', 'Npz', 'ImageZip'] as const) {
    assert.deepEqual((await needed(remote, datasetAt('d/b.npy', format))).fetched, ['d/b.npy']);
    assert.deepEqual((await needed(remote, datasetAt('e', format))).path, 'e/c.npy', 'there is one only');
  }
  assert.deepEqual(await needed(remote, datasetAt('d', 'Npy')), {
    fetched: ['d/a.npy', 'd/b.npy'],
    streamed: [],
    path: 'd',
  });
  await assert.rejects(needed(remote, datasetAt('d', 'ImageZip')), { code: 'InputForeign', hint: /Name the file/ });
});

test('a file that is in two roles is fetched once', async () => {
  const labels = { classes: 2, from: 'Npz', path: 'd.npz', array: 'y' };
  const { fetched } = await needed(remoteOf('d.npz'), datasetAt('d.npz', 'Npz', { labels }));
  assert.deepEqual(fetched, ['d.npz']);
});

test('a spread of latents that is a file is fetched with them; that of an npz is in it', async () => {
  const remote = remoteOf('mean.npy', 'deviation.npy', 'both.npz');
  const latents = (spread: string) => ({ latents: { values: 'MeanAndDeviation', spread } });
  const npy = await needed(remote, datasetAt('mean.npy', 'Npy', latents('deviation.npy')));
  const npz = await needed(remote, datasetAt('both.npz', 'Npz', latents('deviation')));
  assert.deepEqual([npy.fetched, npz.fetched], [['mean.npy', 'deviation.npy'], ['both.npz']]);
});

test('of MNIST-like images the labels beside them are fetched, where they are asked for', async () => {
  const [images, labels] = ['m/train-images-idx3-ubyte.gz', 'm/train-labels-idx1-ubyte.gz'];
  const remote = remoteOf(images, labels, 'm/readme.txt');
  const asked = { labels: { classes: 10, from: 'Idx' } };
  const fetched = async (path: string, fields: object) =>
    (await needed(remote, datasetAt(path, 'Idx', fields))).fetched;
  assert.deepEqual(await fetched('m', asked), [images, labels]);
  assert.deepEqual(await fetched(images, asked), [images, labels]);
  assert.deepEqual(await fetched(images, {}), [images]);
});

test('shards are not fetched, and what lies beside them is', async () => {
  const remote = remoteOf('s/0.tar', 's/1.tar', 'labels.npy');
  const labels = { classes: 2, from: 'Npy', path: 'labels.npy' };
  assert.deepEqual(await needed(remote, datasetAt('s', 'WebDataset', { labels })), {
    fetched: ['labels.npy'],
    streamed: ['s/0.tar', 's/1.tar'],
    path: 's',
  });
});

test('what is not there is missing, by its whole name', async () => {
  const remote = remoteOf('d/a.png', 'labels/x');
  await assert.rejects(needed(remote, datasetAt('e', 'ImageFolder')), { code: 'InputMissing', where: 's3://data/e' });
  const labels = { classes: 2, from: 'Npy', path: 'nothing' };
  await assert.rejects(needed(remote, datasetAt('d', 'ImageFolder', { labels })), {
    code: 'InputMissing',
    where: 's3://data/nothing',
  });
});
