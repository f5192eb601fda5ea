import assert from 'node:assert/strict';
import { test } from 'node:test';
import { any, get, head, list, range } from '../../../../src/trainer/s3/read.ts';
import { error, listing, type Said, scriptedS3 } from '../../../helpers/scriptedS3.ts';

const part = (body: string, contentRange: string, etag = '"e"'): Said => ({
  status: 206,
  headers: { etag, 'content-range': `bytes ${contentRange}` },
  body,
});
const wanted = { offset: 2, length: 3 };
const found = { bytes: Buffer.from('cde'), size: 9, etag: '"e"' };

test('an answer that is shorter than its range is asked for again', async (t) => {
  const { connection, asked } = await scriptedS3(
    t,
    part('cd', '2-4/9'),
    'cut',
    part('abc', '0-2/9'),
    part('cde', '2-4/9'),
  );
  assert.deepEqual(await range(connection, 'x', wanted), found);
  assert.equal(asked.length, 4);
});

test('an answer with another etag than was asked for counts only if the object has it', async (t) => {
  const [same, other] = [listing([{ key: 'x', size: 9, etag: '"e"' }]), listing([{ key: 'x', size: 9, etag: '"f"' }])];
  const wrong = part('cde', '2-4/9', '"wrong"');
  const { connection } = await scriptedS3(t, wrong, same, error(412, 'PreconditionFailed'), same, part('cde', '2-4/9'));
  assert.deepEqual(await range(connection, 'x', { ...wanted, etag: '"e"' }), found);
  const changed = await scriptedS3(t, error(412, 'PreconditionFailed'), other);
  assert.equal(await range(changed.connection, 'x', { ...wanted, etag: '"e"' }), 'Changed');
  const removed = await scriptedS3(t, error(404, 'NoSuchKey'), listing([{ key: 'xy', size: 9, etag: '"e"' }]));
  assert.equal(await range(removed.connection, 'x', wanted), 'Missing');
});

test('answers that are not read to their end keep no connections', async (t) => {
  const wrong = part('cde', '2-4/9', '"f"');
  const other = listing([{ key: 'x', size: 9, etag: '"f"' }]);
  const many = 60; // more than connections that are open at once
  const said = Array.from({ length: many }, () => [wrong, other]).flat();
  const { connection, asked } = await scriptedS3(t, ...said);
  for (let i = 0; i < many; i++) assert.equal(await range(connection, 'x', { ...wanted, etag: '"e"' }), 'Changed');
  assert.equal(asked.length, 2 * many);
});

test('all of an object is as much as its range says', async (t) => {
  const { connection } = await scriptedS3(t, part('abc', '0-8/9'), part('abcdefghi', '0-8/9'));
  assert.equal(Buffer.from((await get(connection, 'x'))?.bytes ?? []).toString(), 'abcdefghi');
  const empty = await scriptedS3(t, error(416, 'InvalidRange'), listing([{ key: 'x', size: 0, etag: '"e"' }]));
  assert.deepEqual(await get(empty.connection, 'x'), { bytes: new Uint8Array(0), size: 0, etag: '"e"' });
});

test('a listing that lacks what it says to have is asked for again', async (t) => {
  const objects = ['a', 'b'].map((key) => ({ key, size: 1, etag: '"e"' }));
  const cut = { body: '<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>' };
  const { connection } = await scriptedS3(t, listing(objects.slice(1), 2), cut, listing(objects));
  assert.deepEqual(await list(connection, ''), { objects, folders: [] });
  const none = await scriptedS3(t, listing([]));
  assert.equal(await any(none.connection, 'c'), false);
});

test('an object that is not there is told from a bucket that is not', async (t) => {
  const missing = await scriptedS3(t, { status: 404 }, listing([]));
  assert.equal(await head(missing.connection, 'x'), undefined);
  const vanished = await scriptedS3(t, { status: 404 }, error(404, 'NoSuchBucket'));
  await assert.rejects(head(vanished.connection, 'x'), { code: 'FileAccess', message: /bucket is not there/ });
});
