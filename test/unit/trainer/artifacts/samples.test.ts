import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { imagesOf, loadShard, saveShard, shardRange } from '../../../../src/trainer/artifacts/samples.ts';
import { temporaryStore } from '../../../helpers/trainer.ts';

test('shards cover all samples once, as evenly as can be', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 0, max: 10_000 }), (shards, more) => {
      const count = shards + more;
      let next = 0;
      for (let index = 0; index < shards; index++) {
        const range = shardRange(index, shards, count);
        assert.equal(range.first, next);
        assert.ok(Math.abs(range.count - count / shards) < 1);
        next += range.count;
      }
      assert.equal(next, count);
    }),
  );
});

const bytes = (...shape: number[]) => ({
  shape,
  data: new Uint8Array(shape.reduce((a, b) => a * b, 1)).map((_, i) => i % 251),
});
const record = { hash: 'a'.repeat(16), shard: 0, first: 0, count: 3, seconds: 1 };

test('a shard comes back with its images and its trajectory', async (t) => {
  const { store } = temporaryStore(t);
  const trajectory = { x: bytes(3, 2, 4, 4, 1), predicted: bytes(2, 2, 4, 4, 1) };
  await saveShard(store, 'shard', record, { images: bytes(3, 4, 4, 1), trajectory });
  const loaded = await loadShard(store, 'shard', record.hash);
  assert.deepEqual(loaded?.images, bytes(3, 4, 4, 1));
  assert.deepEqual(loaded?.trajectory, trajectory);
  await assert.rejects(loadShard(store, 'shard', 'b'.repeat(16)), { code: 'DigestMismatch' });
  assert.equal(await loadShard(store, 'other', record.hash), undefined);
});

test('samples are read as images by position', async () => {
  const images = bytes(5, 4, 4, 3);
  const source = imagesOf(images);
  assert.deepEqual([source.count, source.shape], [5, { size: 4, channels: 3 }]);
  assert.deepEqual(await source.batch(1, 2), images.data.slice(48, 144));
});
