import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { imagesOf, loadShard, saveShard, shardRange } from '../../../../src/trainer/artifacts/samples.ts';
import { temporaryStore } from '../../../helpers/trainer.ts';

const hash = '0123456789abcdef';
const folder = 'runs/a/samples/0123456789abcdef/shard-0000';
const frames = (...shape: number[]) => ({
  shape,
  data: Uint8Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => i % 256),
});
const record = { hash, shard: 0, first: 0, count: 3, seconds: 4 };
const images = frames(3, 4, 4, 1);
const trajectory = { x: frames(3, 2, 4, 4, 1), predicted: frames(2, 2, 4, 4, 1) };

test('shards are contiguous, as even as can be, and are all samples', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 50, max: 10_000 }), (shards, count) => {
      const ranges = Array.from({ length: shards }, (_, index) => shardRange(index, shards, count));
      let next = 0;
      for (const { first, count: own } of ranges) {
        assert.equal(first, next);
        assert.ok(Math.abs(own - count / shards) < 1);
        next += own;
      }
      assert.equal(next, count);
    }),
  );
});

test('a shard is read back as it was, with the trajectory of its first samples or without', async (t) => {
  const { store } = temporaryStore(t);
  assert.equal(await loadShard(store, folder, hash), undefined);
  await saveShard(store, folder, record, { images, trajectory });
  const { record: read, ...rest } = (await loadShard(store, folder, hash)) ?? assert.fail();
  assert.deepEqual(rest, { images, trajectory });
  assert.equal(read.seconds, 4);
  assert.deepEqual(await store.list(folder), ['images.npy', 'predicted.npy', 'shard.json', 'trajectory.npy']);
  await saveShard(store, `${folder}-1`, record, { images });
  assert.equal((await loadShard(store, `${folder}-1`, hash))?.trajectory, undefined);
});

test('labels of the samples lie beside them', async (t) => {
  const { store } = temporaryStore(t);
  const labels = Int32Array.of(2, 0, 1);
  await saveShard(store, folder, record, { images, labels });
  assert.deepEqual((await loadShard(store, folder, hash))?.labels, labels);
});

test('damaged samples, and those of other models, are told', async (t) => {
  const { root, store } = temporaryStore(t);
  await saveShard(store, folder, record, { images, trajectory });
  await assert.rejects(loadShard(store, folder, 'fedcba9876543210'), { code: 'DigestMismatch' });
  writeFileSync(join(root, folder, 'predicted.npy'), 'zeros after a power cut');
  await assert.rejects(loadShard(store, folder, hash), { code: 'DigestMismatch', where: /predicted/ });
});

test('samples are read as images by position', async () => {
  const colour = frames(5, 4, 4, 3);
  const source = imagesOf(colour);
  assert.deepEqual([source.count, source.shape], [5, { size: 4, channels: 3 }]);
  assert.deepEqual(await source.batch(1, 2), colour.data.slice(48, 144));
});
