import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  indexAddress,
  indexFile,
  indexFiles,
  readShards,
  shardsFile,
} from '../../../../src/trainer/artifacts/imageIndex.ts';
import type { ImagePlace } from '../../../../src/trainer/data/source.ts';
import { entryBytes, pixelsDigest, readEntry } from '../../../../src/trainer/data/stream/indexEntry.ts';
import { readNpy } from '../../../../src/trainer/formats/npy.ts';
import { bytesOf } from '../../../helpers/data.ts';
import { temporaryStore } from '../../../helpers/trainer.ts';

const shards = [{ name: 'a.tar', size: 2 ** 40, version: '"e"' }];
const place: fc.Arbitrary<ImagePlace> = fc.record({
  shard: fc.nat(),
  offset: fc.maxSafeNat(),
  length: fc.maxSafeNat(),
  row: fc.nat(),
});

async function* placed(places: readonly ImagePlace[]) {
  for (const [i, each] of places.entries()) yield { pixels: Uint8Array.of(i), place: each };
}

test('an index is an array that NumPy reads, a row an image, with the digest of its pixels', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(place, { minLength: 1, maxLength: 6 }), async (places) => {
      const watched: number[] = [];
      const file = indexFile(places.length, { images: placed(places), shards }, ([pixel]) => watched.push(pixel ?? -1));
      const bytes = await bytesOf(file.pieces);
      assert.deepEqual(readNpy(bytes, 'index').shape, [places.length, 8]);
      const { offset, bytes: size } = file.record();
      assert.equal(size, bytes.length);
      for (const [i, each] of places.entries())
        assert.deepEqual(readEntry(bytes, offset + i * entryBytes), {
          ...each,
          digest: pixelsDigest(Uint8Array.of(i)),
        });
      assert.deepEqual(watched, [...places.keys()]);
    }),
    { numRuns: 25 },
  );
});

test('fewer images than were promised are no index', async () => {
  const file = indexFile(2, { images: placed([{ shard: 0, offset: 0, length: 1 }]), shards }, () => {});
  await assert.rejects(bytesOf(file.pieces), { code: 'DataChanged' });
});

test('its shards are read back, and whatever of them is another moves its address', async (t) => {
  const { store } = temporaryStore(t);
  const content = { images: placed([{ shard: 0, offset: 0, length: 1 }]), shards };
  const file = indexFile(1, content, () => {});
  await bytesOf(file.pieces);
  const listed = shardsFile(content);
  const record = { file: indexFiles.entries, ...file.record(), shards: listed.record };
  await store.commit('datasets/x', { [indexFiles.shards]: listed.bytes });
  assert.deepEqual(await readShards(store, 'datasets/x', record), shards);
  const other = shardsFile({ ...content, shards: [{ name: 'a.tar', size: 2 ** 40, version: '"f"' }] });
  assert.notEqual(indexAddress({ ...record, shards: other.record }), indexAddress(record));
  await assert.rejects(readShards(store, 'datasets/x', { ...record, shards: other.record }), {
    code: 'DigestMismatch',
  });
});
