import assert from 'node:assert/strict';
import { renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Dataset } from '../../../../src/api/spec/dataset.ts';
import { pathOfSource } from '../../../../src/api/spec/source.ts';
import { fingerprintOf } from '../../../../src/trainer/data/fingerprint.ts';
import { datasetOf, png, volumeOf } from '../../../helpers/data.ts';

const of = (dataset: Dataset, root: string) =>
  fingerprintOf(dataset, join(root, pathOfSource(dataset.source)), root, async () => {});

test('a fingerprint changes with the name, size and time of any file that is read', async (t) => {
  const root = volumeOf(t, { 'd/a.png': await png(1), 'd/b/c.png': await png(2), 'd/.hidden': 'x' });
  const dataset = datasetOf('ImageFolder', 'd');
  const seen = new Set([await of(dataset, root)]);
  const changes = [
    () => writeFileSync(join(root, 'd/new.txt'), 'x'),
    () => writeFileSync(join(root, 'd/a.png'), 'longer than it was before, or at least of another size'),
    () => utimesSync(join(root, 'd/b/c.png'), 1, 1),
    () => renameSync(join(root, 'd/b/c.png'), join(root, 'd/b/d.png')),
  ];
  for (const change of changes) {
    change();
    const now = await of(dataset, root);
    assert.ok(!seen.has(now), String(change));
    seen.add(now);
    assert.equal(await of(dataset, root), now);
  }
  writeFileSync(join(root, 'd/.hidden'), 'what is hidden is not read');
  assert.ok(seen.has(await of(dataset, root)));
});

test('of shards, each counts', async (t) => {
  const root = volumeOf(t, { 'd/a.tar': 'x', 'd/b.tar': 'y', 'one.tar': 'z' });
  const [folder, file] = [datasetOf('WebDataset', 'd'), datasetOf('WebDataset', 'one.tar')];
  const before = [await of(folder, root), await of(file, root)];
  utimesSync(join(root, 'd/b.tar'), 2, 2);
  utimesSync(join(root, 'one.tar'), 2, 2);
  assert.notEqual(await of(folder, root), before[0]);
  assert.notEqual(await of(file, root), before[1]);
});

test('of one file, its size and time count', async (t) => {
  const root = volumeOf(t, { 'a.npy': 'x', 'mnist/train-images-idx3-ubyte': 'x' });
  for (const [dataset, file] of [
    [datasetOf('Npy', 'a.npy'), 'a.npy'],
    [datasetOf('Idx', 'mnist'), 'mnist/train-images-idx3-ubyte'],
  ] as const) {
    const before = await of(dataset, root);
    utimesSync(join(root, file), 2, 2);
    assert.notEqual(await of(dataset, root), before);
  }
});
