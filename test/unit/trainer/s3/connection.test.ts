import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../../../../src/trainer/s3/connection.ts';
import { head } from '../../../../src/trainer/s3/read.ts';
import { error, scriptedS3 } from '../../../helpers/scriptedS3.ts';

const place = { endpoint: 'http://127.0.0.1:1', bucket: 'bucket', region: 'r' };
const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };

test('keys are below the prefix, and shown where one would find them', () => {
  for (const [prefix, beginning] of [
    ['', ''],
    ['a/b', 'a/b/'],
    ['a/', 'a/'],
  ] as const) {
    const connection = connect({ ...place, prefix }, credentials, {});
    assert.equal(connection.full('x/y'), `${beginning}x/y`);
    assert.equal(connection.relative(`${beginning}x/y`), 'x/y');
  }
  const connection = connect({ ...place, prefix: 'a/b' }, credentials, {});
  assert.deepEqual([connection.describe('x'), connection.describe('')], ['s3://bucket/a/b/x', 's3://bucket/a/b']);
});

test('a server that is away is asked for as long as was said, and then called unavailable', async () => {
  const options = { patience: { budget: 100, random: () => 0 }, unavailable: 'SourceUnavailable' } as const;
  const connection = connect({ ...place, prefix: '' }, credentials, options);
  await assert.rejects(head(connection, 'x'), { code: 'SourceUnavailable', where: 's3://bucket/x' });
});

test('a server that says nothing is not waited for', async (t) => {
  const { connection, asked } = await scriptedS3(t, 'silence', { headers: { etag: '"e"', 'content-length': '3' } });
  assert.deepEqual(await head(connection, 'x'), { key: 'x', size: 3, etag: '"e"' });
  assert.equal(asked.length, 2);
});

test('what a server refuses for good is asked once', async (t) => {
  const { connection, asked } = await scriptedS3(t, error(403, 'AccessDenied'));
  const answer = connection.ask('x', async (one) => head({ ...connection, ask: (_, attempt) => attempt(one) }, 'x'));
  await assert.rejects(answer, { code: 'FileAccess', message: /denied/ });
  assert.equal(asked.length, 1);
});
