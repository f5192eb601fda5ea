import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  findManifest,
  inFolder,
  isWhole,
  lastOf,
  loadManifest,
  manifestBytes,
  manifestKey,
  parentOf,
  uploadsBeginning,
} from '../../../../../src/trainer/artifacts/s3/folders.ts';
import { memoryS3 } from '../../../../helpers/memoryS3.ts';

const sha256 = '0'.repeat(64);
const manifest = { format: 1, upload: 'runs/.uploads/a/1', files: { x: { sha256, bytes: 2 } } } as const;

test('where things are', () => {
  assert.deepEqual([parentOf('a/b/c'), parentOf('a'), lastOf('a/b/c'), lastOf('a')], ['a/b', '', 'c', 'a']);
  assert.deepEqual([inFolder('a', 'b'), inFolder('', 'b')], ['a/b', 'b']);
  assert.equal(manifestKey('runs/a'), 'runs/a/.committed.json');
  assert.equal(uploadsBeginning('runs', 'a'), 'runs/.uploads/a/');
  assert.deepEqual([uploadsBeginning('runs'), uploadsBeginning('', 'a')], ['runs/.uploads/', '.uploads/a/']);
});

test('a manifest is read as it was written, and another text is damage', async () => {
  const client = memoryS3();
  assert.equal(await loadManifest(client, 'runs/a'), undefined);
  await client.put(manifestKey('runs/a'), manifestBytes(manifest));
  assert.deepEqual(await loadManifest(client, 'runs/a'), manifest);
  for (const text of ['', '{', '{"format": 2}', JSON.stringify({ ...manifest, files: { x: { bytes: 2 } } })]) {
    await client.put(manifestKey('runs/a'), Buffer.from(text));
    assert.equal((await findManifest(client, 'runs/a'))?.manifest, undefined);
    await assert.rejects(loadManifest(client, 'runs/a'), { code: 'DigestMismatch' }, text);
  }
});

test('a folder is whole if all its files are there in their sizes', async () => {
  const client = memoryS3();
  assert.equal(await isWhole(client, manifest), false);
  await client.put(`${manifest.upload}/x`, Buffer.from('1'));
  assert.equal(await isWhole(client, manifest), false);
  await client.put(`${manifest.upload}/x`, Buffer.from('12'));
  assert.equal(await isWhole(client, manifest), true);
});
