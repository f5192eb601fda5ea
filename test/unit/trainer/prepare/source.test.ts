import assert from 'node:assert/strict';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fingerprint, placeOf, readingOf } from '../../../../src/trainer/prepare/source.ts';
import { datasetOf, volumeOf } from '../../../helpers/data.ts';

const tick = async () => {};
const dataset = datasetOf('ImageFolder', 'f');

test('a place is named as people wrote it, and resolved on its volume', async (t) => {
  const root = volumeOf(t, { 'f/a.png': 'a' });
  const place = await placeOf(dataset, root, []);
  assert.deepEqual([place.where, place.path, place.root], ['data/f', join(root, 'f'), root]);
  await assert.rejects(placeOf(datasetOf('ImageFolder', 'gone'), root, []), { code: 'InputMissing' });
  await assert.rejects(placeOf(dataset, undefined, []), { code: 'InvalidTask' });
});

test('another file, another time, and another file of the evaluation are another source', async (t) => {
  const root = volumeOf(t, { 'f/a.png': 'a', 'mu.npz': 'x' });
  const place = await placeOf(dataset, root, [join(root, 'mu.npz')]);
  const seen = new Set([await fingerprint(dataset, place, tick)]);
  const look = async () => seen.add(await fingerprint(dataset, place, tick));
  await look();
  assert.equal(seen.size, 1);
  utimesSync(join(root, 'f/a.png'), 1, 1);
  await look();
  writeFileSync(join(root, 'f/b.png'), 'b');
  await look();
  writeFileSync(join(root, 'mu.npz'), 'longer');
  await look();
  assert.equal(seen.size, 4);
});

test('a revision asks to read anew, and reads the same', () => {
  assert.equal(readingOf(dataset), readingOf(datasetOf('ImageFolder', 'f', { revision: '2' })));
  assert.notEqual(readingOf(dataset), readingOf(datasetOf('ImageFolder', 'f', { limit: 2 })));
});
