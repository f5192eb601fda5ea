import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Dataset, datasetSchema } from '../../../../src/api/spec/dataset.ts';
import { assertUnchanged, openOrigin } from '../../../../src/trainer/prepare/origin.ts';
import { datasetOf, volumeOf } from '../../../helpers/data.ts';
import { temporaryFolder } from '../../../helpers/folder.ts';
import { fileServer } from '../../../helpers/httpFiles.ts';
import { temporaryStore, trainerContext } from '../../../helpers/trainer.ts';

const tick = async () => {};

/** A dataset of files at URLs. */
const atUrls = (urls: string[], format: Dataset['format'], fields: object = {}, http: object = {}): Dataset =>
  datasetSchema.parse({
    source: { http: { urls, ...http } },
    format,
    image: { size: 4, channels: 1 },
    ...fields,
  });

test('a source on a volume that changes while it is read is refused, with where it is', async (t) => {
  const root = volumeOf(t, { 'f/a.png': 'a' });
  const context = trainerContext(temporaryStore(t).store, { volumes: { data: root } });
  const origin = await openOrigin({ dataset: datasetOf('ImageFolder', 'f') }, context, [], tick);
  const before = await origin.fingerprint();
  await assertUnchanged(before, origin);
  writeFileSync(join(root, 'f/a.png'), 'longer');
  await assert.rejects(assertUnchanged(before, origin), { code: 'DataChanged', where: 'data/f' });
});

test('files at URLs are fetched once, where they fit, and removed at the end', async (t) => {
  const server = await fileServer(t, { 'd/x/a.png': 'first', 'd/y/b.png': 'second', 'd/labels.npy': 'third' });
  const cache = temporaryFolder(t);
  const context = trainerContext(temporaryStore(t).store, { cache });
  const urls = ['x/a.png', 'y/b.png', 'labels.npy'].map((name) => `${server.url}/d/${name}`);
  const labels = { classes: 2, from: 'Npy', path: 'labels.npy' };
  const dataset = atUrls(urls, 'ImageFolder', { labels });
  const origin = await openOrigin({ dataset }, context, [], tick);
  const before = await origin.fingerprint();
  assert.deepEqual(readdirSync(cache), [], 'to look is not to fetch');
  const [place] = await Promise.all([origin.place(), origin.place()]);
  assert.equal(server.asked.filter((request) => request.startsWith('GET')).length, 3);
  const read = (name: string) => readFileSync(join(place.path, name), 'utf8');
  assert.deepEqual(['x/a.png', 'y/b.png', 'labels.npy'].map(read), ['first', 'second', 'third']);
  await assertUnchanged(before, origin);
  server.files.set('/d/x/a.png', Buffer.from('other'));
  await assert.rejects(assertUnchanged(before, origin), { code: 'DataChanged', where: `${server.url}/d/` });
  await origin.close();
  assert.deepEqual(readdirSync(cache), []);
});

test('what does not fit is refused before it is fetched, with the size that would do', async (t) => {
  const server = await fileServer(t, { 'a.npy': Buffer.alloc(2 ** 20) });
  const cache = temporaryFolder(t);
  const context = trainerContext(temporaryStore(t).store, { cache });
  const dataset = atUrls([`${server.url}/a.npy`], 'Npy', { cache: { size: '1Mi' } });
  const origin = await openOrigin({ dataset }, context, [], tick);
  await assert.rejects(origin.place(), { code: 'DiskFull', hint: /dataset\.cache\.size to 1Gi/ });
  assert.ok(!server.asked.some((request) => request.startsWith('GET')));
  await origin.close();
});

test('shards are left where they are', async (t) => {
  const server = await fileServer(t, { 's/0.tar': 'abc', 's/1.tar': 'def', 'contexts.npy': 'c' });
  const context = trainerContext(temporaryStore(t).store, { cache: temporaryFolder(t) });
  const dataset = atUrls([`${server.url}/s/{0..1}.tar`], 'WebDataset');
  const origin = await openOrigin({ dataset }, context, [], tick);
  const before = await origin.fingerprint();
  const { root, path, files } = await origin.place();
  assert.deepEqual([readdirSync(root), path], [[], root]);
  assert.deepEqual(
    (await files?.list())?.map(({ name }) => name),
    ['0.tar', '1.tar'],
  );
  server.files.set('/s/1.tar', Buffer.from('other'));
  await assert.rejects(assertUnchanged(before, origin), { code: 'DataChanged' });
  await origin.close();
});
