import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parquet } from '../../../../../src/trainer/data/shards/parquet.ts';
import { shardFormatOf } from '../../../../../src/trainer/data/shards/shardFormats.ts';
import { webDataset } from '../../../../../src/trainer/data/shards/webDataset.ts';

test('formats of shards are read as such, and others are none', () => {
  assert.equal(shardFormatOf({ format: 'WebDataset' }), webDataset);
  assert.equal(shardFormatOf({ format: 'Parquet' }), parquet);
  assert.throws(() => shardFormatOf({ format: 'Npy' }), { code: 'InvalidTask' });
});
