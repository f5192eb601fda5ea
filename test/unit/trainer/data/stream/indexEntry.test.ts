import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  entryBytes,
  type IndexEntry,
  mostNumbered,
  pixelsDigest,
  readEntry,
  writeEntry,
} from '../../../../../src/trainer/data/stream/indexEntry.ts';

const entry: fc.Arbitrary<IndexEntry> = fc
  .record({
    shard: fc.integer({ min: 0, max: mostNumbered }),
    offset: fc.maxSafeNat(),
    length: fc.maxSafeNat(),
    row: fc.option(fc.integer({ min: 0, max: mostNumbered - 1 }), { nil: undefined }),
    digest: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  })
  .map(({ row, ...others }) => ({ ...others, ...(row !== undefined && { row }) }));

test('an entry reads as it was written, wherever among others it lies', () => {
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 5 }), (entries) => {
      const bytes = new Uint8Array(Buffer.concat(entries.map(writeEntry)));
      assert.equal(bytes.length, entries.length * entryBytes);
      assert.deepEqual(
        entries.map((_, i) => readEntry(bytes, i * entryBytes)),
        entries,
      );
    }),
  );
});

test('the digest of pixels is the beginning of their sha256', () => {
  // sha256 of nothing begins e3b0c44298fc1c14.
  assert.equal(pixelsDigest(new Uint8Array()), 0x141cfc9842c4b0e3n);
  assert.notEqual(pixelsDigest(Uint8Array.of(1)), pixelsDigest(Uint8Array.of(2)));
});
