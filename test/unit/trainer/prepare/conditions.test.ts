import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { Dataset } from '../../../../src/api/spec/dataset.ts';
import { openDataset } from '../../../../src/trainer/artifacts/dataset.ts';
import { writeNpy } from '../../../../src/trainer/formats/npy.ts';
import {
  conditionBytes,
  conditionPaths,
  contextsAt,
  emptyClasses,
  labelsAt,
  openConditions,
} from '../../../../src/trainer/prepare/conditions.ts';
import { placeOf } from '../../../../src/trainer/prepare/source.ts';
import { writeDataset } from '../../../../src/trainer/prepare/writeDataset.ts';
import { bytesOf, datasetOf, openedSource, png, volumeOf } from '../../../helpers/data.ts';
import { temporaryStore, trainerContext } from '../../../helpers/trainer.ts';

/** Contexts of which number i is i times the first. */
const contextsOf = (count: number) =>
  writeNpy({ shape: [count, 1, 2], data: Float32Array.from({ length: count * 2 }, (_, i) => Math.floor(i / 2)) });
const ofContexts = { path: 'c.npy', from: 'Npy', tokens: 1, width: 2 };

/** What was prepared: of each image its first pixel, label and context. */
async function written(t: TestContext, dataset: Dataset, data: string) {
  const { store } = temporaryStore(t);
  const place = await placeOf(dataset, data, []);
  const writing = { dataset, place, least: 1, writer: 'test', assertUnchanged: async () => {} };
  const { dataset: reference, findings } = await writeDataset(writing, trainerContext(store));
  const { count, batch, condition, record } = await openDataset(store, reference.address);
  const images = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const [pixel] = await batch(i, 1);
      const { label, context } = (await condition?.(i)) ?? {};
      return [pixel, label, context?.[0]];
    }),
  );
  return { images, findings, record };
}

/** Six images whose grey is ten times their number, two of them broken, in the folders of three classes. */
async function folders(t: TestContext, size = 4) {
  const image = (i: number) => png(i * 10, size);
  return volumeOf(t, {
    'a/0.png': await image(0),
    'a/1.png': 'broken',
    'b/2.png': await image(2),
    'b/3.png': await image(3),
    'c/4.png': 'broken',
    'c/5.png': await image(5),
    'c.npy': contextsOf(6),
  });
}

test('broken images that are left out take their label and context with them', async (t) => {
  const labels = { classes: 3, from: 'ClassFolders' };
  const dataset = datasetOf('ImageFolder', '', { labels, contexts: ofContexts, maxBroken: 2 });
  const { images, record } = await written(t, dataset, await folders(t));
  assert.deepEqual(images, [
    [0, 0, 0],
    [20, 1, 2],
    [30, 1, 3],
    [50, 2, 5],
  ]);
  assert.deepEqual(record.labels?.names, ['a', 'b', 'c']);
});

test('a limit counts images that are read, each with its own label; classes stay numbered as in all of the source', async (t) => {
  const labels = { classes: 3, from: 'ClassFolders' };
  const dataset = datasetOf('ImageFolder', '', { labels, contexts: ofContexts, maxBroken: 2, limit: 2 });
  const { images, findings } = await written(t, dataset, await folders(t));
  assert.deepEqual(images, [
    [0, 0, 0],
    [20, 1, 2],
  ]);
  assert.ok(findings.said.includes('1 of 3 classes have no image: c'));
});

test('resized images keep their labels', async (t) => {
  const labels = { classes: 3, from: 'ClassFolders' };
  const dataset = datasetOf('ImageFolder', '', { labels, maxBroken: 2 });
  const { images } = await written(t, dataset, await folders(t, 9));
  assert.deepEqual(
    images.map(([pixel, label]) => [pixel, label]),
    [
      [0, 0],
      [20, 1],
      [30, 1],
      [50, 2],
    ],
  );
});

test('of any arrays, limits and sizes each image keeps its label and context', async (t) => {
  const size = fc.constantFrom(4, 6);
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 14 }),
      size,
      async (count, limit, size) => {
        const pixels = Uint8Array.from({ length: count * size * size }, (_, i) => Math.floor(i / size / size) * 20);
        const data = volumeOf(t, {
          'a.npy': writeNpy({ shape: [count, size, size], data: pixels }),
          'y.npy': writeNpy({ shape: [count], data: Uint8Array.from({ length: count }, (_, i) => i % 5) }),
          'c.npy': contextsOf(count),
        });
        const labels = { classes: 5, from: 'Npy', path: 'y.npy' };
        const { images } = await written(t, datasetOf('Npy', 'a.npy', { labels, contexts: ofContexts, limit }), data);
        assert.deepEqual(
          images,
          Array.from({ length: Math.min(count, limit) }, (_, i) => [i * 20, i % 5, i]),
        );
      },
    ),
    { numRuns: 12 },
  );
});

test('contexts that do not fit images or declaration are refused', async (t) => {
  const images = writeNpy({ shape: [3, 4, 4], data: new Uint8Array(48) });
  const opened = async (contexts: object, count: number) => {
    const dataset = datasetOf('Npy', 'a.npy', { contexts: { ...ofContexts, ...contexts } });
    const { source, place } = await openedSource(dataset, volumeOf(t, { 'a.npy': images, 'c.npy': contextsOf(count) }));
    return openConditions(dataset, place, source);
  };
  assert.equal(conditionBytes(await opened({}, 3)), 8);
  await assert.rejects(opened({}, 4), { code: 'InputMismatch', message: /4 contexts.*3 images/ });
  await assert.rejects(opened({ width: 5 }, 3), { code: 'InputMismatch', message: /width 2, not 5/ });
});

test('files of labels, contexts and prompts are among those that are watched for changes', async (t) => {
  const root = volumeOf(t, { 'a.npy': '', 'y.npy': '', 'c.npy': '', 'p.npy': '' });
  const dataset = datasetOf('Npy', 'a.npy', {
    labels: { classes: 2, from: 'Npy', path: 'y.npy' },
    contexts: ofContexts,
  });
  const paths = await conditionPaths(dataset, { path: `${root}/a.npy`, root }, { path: 'p.npy', from: 'Npy' });
  assert.deepEqual(
    paths.map((path) => path.slice(-5)),
    ['y.npy', 'c.npy', 'p.npy'],
  );
  assert.deepEqual(await conditionPaths(datasetOf('Npy', 'a.npy'), { path: `${root}/a.npy`, root }, undefined), []);
});

test('contexts are read in runs of positions that follow one another', async () => {
  const reads: [number, number][] = [];
  const type = 'float32' as const;
  const contexts = {
    ...{ where: 'c', count: 9, tokens: 1, width: 1, type },
    read: async (first: number, size: number) => {
      reads.push([first, size]);
      return new Uint8Array(size * 4);
    },
  };
  const { pieces } = contextsAt(contexts, 5, [0, 1, 3, 4, 8], async () => {});
  assert.equal((await bytesOf(pieces)).length, 20);
  assert.deepEqual(reads, [
    [0, 2],
    [3, 2],
    [8, 1],
  ]);
});

test('labels are those at the positions, and classes without images are named', () => {
  const labels = { classes: 3, names: ['x', 'y', 'z'], values: Int32Array.of(0, 1, 2, 1) };
  const kept = labelsAt(labels, [1, 3]);
  assert.deepEqual(kept, { classes: 3, names: ['x', 'y', 'z'], values: Int32Array.of(1, 1) });
  assert.equal(emptyClasses(kept), '2 of 3 classes have no image: x, z');
  assert.equal(emptyClasses(labels), undefined);
});
