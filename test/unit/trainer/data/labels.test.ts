import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { gzipSync, zipSync } from 'fflate';
import { writeIdx } from '../../../../src/trainer/data/idx.ts';
import { labelsFile, readLabels } from '../../../../src/trainer/data/labels.ts';
import { type NpyArray, writeNpy } from '../../../../src/trainer/formats/npy.ts';
import { writeNpz } from '../../../../src/trainer/formats/npz.ts';
import { writeSafetensors } from '../../../../src/trainer/formats/safetensors.ts';
import { datasetOf, openedSource, png, volumeOf } from '../../../helpers/data.ts';
import { shardFixture } from '../../../helpers/sourceFiles.ts';

const images = writeNpy({ shape: [3, 4, 4], data: new Uint8Array(48) });
const idx = (count: number) => writeIdx({ shape: [count, 4, 4], data: new Uint8Array(count * 16) });
const npy = (data: NpyArray['data'], shape = [data.length]) => writeNpy({ shape, data });

async function labelsIn(
  t: TestContext,
  files: Record<string, Uint8Array | string>,
  dataset: ReturnType<typeof datasetOf>,
) {
  const { source, place } = await openedSource(dataset, volumeOf(t, files));
  return readLabels(dataset, place, source);
}

const ofNpy = (t: TestContext, labels: Uint8Array, classes = 5) =>
  labelsIn(
    t,
    { 'a.npy': images, 'y.npy': labels },
    datasetOf('Npy', 'a.npy', { labels: { classes, from: 'Npy', path: 'y.npy' } }),
  );

test('where no labels are asked for, there are none', async (t) => {
  assert.equal(await labelsIn(t, { 'a.npy': images }, datasetOf('Npy', 'a.npy')), undefined);
});

test('labels of MNIST lie beside its images under their usual name, gzipped or not', async (t) => {
  const labels = writeIdx({ shape: [3], data: Uint8Array.of(2, 0, 1) });
  for (const [imagesName, labelsName, content] of [
    ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte', labels],
    ['train-images-idx3-ubyte.gz', 'train-labels-idx1-ubyte.gz', gzipSync(labels)],
    ['t10k-images.idx3-ubyte', 't10k-labels.idx1-ubyte', labels],
  ] as const) {
    const dataset = datasetOf('Idx', imagesName, { labels: { classes: 3, from: 'Idx' } });
    const found = await labelsIn(t, { [imagesName]: idx(3), [labelsName]: content }, dataset);
    assert.deepEqual(found, { classes: 3, values: Int32Array.of(2, 0, 1) });
  }
});

test('labels that are not beside the images are missing, by their name', async (t) => {
  const dataset = (path: string) => datasetOf('Idx', path, { labels: { classes: 3, from: 'Idx' } });
  const usual = 'train-images-idx3-ubyte';
  await assert.rejects(labelsIn(t, { [usual]: idx(3) }, dataset(usual)), {
    code: 'InputMissing',
    where: /train-labels-idx1-ubyte/,
  });
  await assert.rejects(labelsIn(t, { 'a.bin': idx(3) }, dataset('a.bin')), {
    code: 'InputMissing',
    message: /usual name/,
  });
});

test('an array of any whole numbers, [N] or [N,1], in a file of its own or in that of the images', async (t) => {
  for (const labels of [
    npy(Uint8Array.of(4, 0, 4)),
    npy(BigInt64Array.of(4n, 0n, 4n)),
    npy(Int32Array.of(4, 0, 4), [3, 1]),
  ])
    assert.deepEqual((await ofNpy(t, labels))?.values, Int32Array.of(4, 0, 4));
  const npz = writeNpz({
    x_train: { shape: [3, 4, 4], data: new Uint8Array(48) },
    y_train: { shape: [3], data: Int32Array.of(1, 1, 0) },
  });
  const dataset = datasetOf('Npz', 'a.npz', {
    array: 'x_train',
    labels: { classes: 2, from: 'Npz', array: 'y_train' },
  });
  assert.deepEqual((await labelsIn(t, { 'a.npz': npz }, dataset))?.values, Int32Array.of(1, 1, 0));
});

test('folders and dataset.json label image files, in folders and in archives', async (t) => {
  const json = JSON.stringify({
    labels: [
      ['b/2.png', 0],
      ['a/1.png', 1],
    ],
  });
  const files = { 'a/1.png': await png(1), 'b/2.png': await png(2), 'dataset.json': Buffer.from(json) };
  for (const [format, path, volume] of [
    ['ImageFolder', '', files],
    ['ImageZip', 'a.zip', { 'a.zip': zipSync(files) }],
  ] as const) {
    const from = (name: string) => datasetOf(format, path, { labels: { classes: 2, from: name } });
    assert.deepEqual(await labelsIn(t, volume, from('ClassFolders')), {
      classes: 2,
      names: ['a', 'b'],
      values: Int32Array.of(0, 1),
    });
    assert.deepEqual((await labelsIn(t, volume, from('DatasetJson')))?.values, Int32Array.of(1, 0));
  }
});

test('another number of folders than of classes is refused', async (t) => {
  const dataset = datasetOf('ImageFolder', '', { labels: { classes: 3, from: 'ClassFolders' } });
  await assert.rejects(labelsIn(t, { 'a/1.png': await png(1), 'b/2.png': await png(2) }, dataset), {
    code: 'InputMismatch',
    message: /2 folders of images, not 3/,
  });
});

test('labels that do not fit the images or the classes are refused', async (t) => {
  await assert.rejects(ofNpy(t, npy(Uint8Array.of(1, 2))), { code: 'InputMismatch', message: /2 labels.*3 images/ });
  await assert.rejects(ofNpy(t, npy(Uint8Array.of(1, 5, 2))), {
    code: 'InputMismatch',
    message: /label 5 for image 1/,
  });
  await assert.rejects(ofNpy(t, npy(Int32Array.of(1, 2, -1))), {
    code: 'InputMismatch',
    message: /label -1 for image 2/,
  });
  await assert.rejects(ofNpy(t, npy(Float32Array.of(1, 2, 3))), { code: 'InputForeign', message: /not whole numbers/ });
  await assert.rejects(ofNpy(t, npy(new Uint8Array(6), [3, 2])), { code: 'InputForeign', message: /\[3, 2\]/ });
});

test('a file of labels that is not there is missing, and none may lie outside the volume', async (t) => {
  const root = volumeOf(t, { 'a.npy': images });
  const dataset = datasetOf('Npy', 'a.npy', { labels: { classes: 2, from: 'Npy', path: 'y.npy' } });
  await assert.rejects(labelsFile(dataset, { path: `${root}/a.npy`, root }), { code: 'InputMissing' });
});

test('labels of shards come with the images, and Parquet names the classes', async (t) => {
  const shards = {
    'd/digits-000000.tar': shardFixture('digits-000000.tar'),
    'a.parquet': shardFixture('zstd.parquet'),
  };
  const tar = (classes: number) => datasetOf('WebDataset', 'd', { labels: { classes, from: 'Cls' } });
  const parquet = (classes: number) => datasetOf('Parquet', 'a.parquet', { labels: { classes, from: 'Column' } });
  assert.deepEqual(await labelsIn(t, shards, tar(3)), { classes: 3, values: Int32Array.of(0, 1, 2) });
  assert.deepEqual(await labelsIn(t, shards, parquet(3)), {
    classes: 3,
    names: ['ant', 'bee', 'cat'],
    values: Int32Array.of(0, 1, 2, 0, 1, 2),
  });
  await assert.rejects(labelsIn(t, shards, tar(2)), { code: 'InputMismatch', message: 'has the label 2 for image 2' });
  await assert.rejects(labelsIn(t, shards, parquet(4)), { code: 'InputMismatch', message: 'names 3 classes, not 4' });
  assert.equal(await labelsIn(t, shards, datasetOf('Parquet', 'a.parquet')), undefined);
});

test('labels may be arrays of several files, those of the images or others', async (t) => {
  const npz = (labels: number[]) =>
    writeNpz({
      x: { shape: [labels.length, 4, 4], data: new Uint8Array(labels.length * 16) },
      y: { shape: [labels.length], data: Uint8Array.from(labels) },
    });
  const files = {
    'd/a.npz': npz([1, 0]),
    'd/b.npz': npz([2]),
    'y/0.npy': npy(Int32Array.of(2, 1)),
    'y/1.npy': npy(Int32Array.of(0)),
  };
  const of = (labels: object) => datasetOf('Npz', 'd', { array: 'x', labels: { classes: 3, ...labels } });
  const read = async (labels: object) => (await labelsIn(t, files, of(labels)))?.values;
  assert.deepEqual(await read({ from: 'Npz', array: 'y' }), Int32Array.of(1, 0, 2));
  assert.deepEqual(await read({ from: 'Npy', path: 'y' }), Int32Array.of(2, 1, 0));
  await assert.rejects(read({ from: 'Npz', array: 'x' }), { code: 'InputForeign', message: /not that of labels/ });
  const floats = writeSafetensors({
    tensors: new Map([['y', { shape: [3], values: new Float32Array(3) }]]),
    metadata: {},
  });
  await assert.rejects(
    labelsIn(t, { ...files, 'y.safetensors': floats }, of({ from: 'Safetensors', array: 'y', path: 'y.safetensors' })),
    { code: 'InputForeign', message: /float32, not whole numbers/ },
  );
});
