import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDataset } from '../../../../../src/trainer/artifacts/dataset.ts';
import { runPrepare } from '../../../../../src/trainer/prepare/prepare.ts';
import { createS3Client } from '../../../../../src/trainer/s3/client.ts';
import { datasetOf } from '../../../../helpers/data.ts';
import { temporaryFolder } from '../../../../helpers/folder.ts';
import { picture, tarOf } from '../../../../helpers/shards.ts';
import { s3ServerOfFile, skipS3 } from '../../../../helpers/s3Server.ts';
import { shardFixture } from '../../../../helpers/sourceFiles.ts';
import { temporaryStore, trainerContext } from '../../../../helpers/trainer.ts';

const server = s3ServerOfFile();

test('shards in a bucket: an index of them is a copy of them, and another object under the same key is DataChanged', {
  skip: skipS3,
}, async (t) => {
  const { credentials, place } = server();
  const bucket = place();
  const client = createS3Client(bucket, credentials);
  const shard = async (first: number) =>
    tarOf({ 'a.png': (await picture(first)).bytes, 'b.webp': (await picture(first + 2)).bytes });
  await client.put('tar/0.tar', await shard(0));
  await client.put('tar/1.tar', await shard(3));
  await client.put('parquet/0.parquet', shardFixture('snappy.parquet'));

  for (const [format, path, count] of [
    ['WebDataset', 'tar', 4],
    ['Parquet', 'parquet', 6],
  ] as const) {
    const { store } = temporaryStore(t);
    const context = trainerContext(store, { dataCredentials: credentials });
    const spec = (prepare: string) =>
      datasetOf(format, '', { source: { s3: { ...bucket, path } }, image: { size: 8, channels: 3 }, prepare });
    const prepare = async (dataset: ReturnType<typeof spec>, hash: string) => {
      const result = await runPrepare({ kind: 'prepare', directory: 'runs/test', hash, dataset }, context);
      return result.kind === 'prepare' ? result : assert.fail();
    };
    const copied = await prepare(spec('Copy'), 'a'.repeat(16));
    const indexed = await prepare(spec('Index'), 'b'.repeat(16));
    assert.deepEqual([indexed.sha256, indexed.count], [copied.sha256, count]);
    const addressOf = ({ dataset }: { dataset: string }) => dataset.slice('datasets/'.length);
    const stream = {
      dataset: spec('Index'),
      access: { credentials },
      cacheFolder: temporaryFolder(t),
    };
    const streamed = await openDataset(store, addressOf(indexed), stream);
    const copy = await openDataset(store, addressOf(copied));
    assert.deepEqual(await streamed.batch(0, count), await copy.batch(0, count));

    if (format !== 'WebDataset') continue;
    await client.put('tar/1.tar', await shard(6));
    const other = await openDataset(store, addressOf(indexed), { ...stream, cacheFolder: temporaryFolder(t) });
    await assert.rejects(other.batch(3, 1), { code: 'DataChanged' });
    assert.equal((await other.batch(1, 1)).length, 192);
    assert.deepEqual(await streamed.batch(0, count), await copy.batch(0, count), 'what is in a cache stays readable');
  }
});
