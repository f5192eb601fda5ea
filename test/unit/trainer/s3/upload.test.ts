import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copy, upload } from '../../../../src/trainer/s3/upload.ts';
import { error, type Said, scriptedS3 } from '../../../helpers/scriptedS3.ts';
import { pieces } from '../../../helpers/storeGuarantees.ts';

const written: Said = { headers: { etag: '"e"' } };
const begun: Said = { body: '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>' };
const done: Said = { body: '<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>' };
const copied: Said = { body: '<CopyPartResult><ETag>"e"</ETag></CopyPartResult>' };

test('what fits into a part is one object from the start', async (t) => {
  const { connection, asked } = await scriptedS3(t, written, written);
  await upload(connection, 'x', pieces('ab', 'c'), 4);
  await upload(connection, 'empty', pieces(), 4);
  assert.deepEqual(asked, ['PUT /bucket/x', 'PUT /bucket/empty']);
});

test('what is larger goes up in parts', async (t) => {
  const { connection, asked } = await scriptedS3(t, begun, written, written, written, done);
  await upload(connection, 'x', pieces('abcde', 'fghi', 'j'), 4);
  assert.equal(asked[0], 'POST /bucket/x?uploads=');
  assert.deepEqual(
    asked.slice(1, 4).sort(),
    [1, 2, 3].map((part) => `PUT /bucket/x?partNumber=${part}&uploadId=u`),
  );
  assert.equal(asked[4], 'POST /bucket/x?uploadId=u');
});

test('parts that cannot be sent, or never come, are given up', async (t) => {
  const source = await scriptedS3(t, begun, written, { status: 204 });
  await assert.rejects(upload(source.connection, 'x', pieces('abcd', new Error('it ended')), 4), /it ended/);
  assert.equal(source.asked.at(-1), 'DELETE /bucket/x?uploadId=u');
  const server = await scriptedS3(t, begun, error(404, 'NoSuchUpload'), { status: 204 });
  await assert.rejects(upload(server.connection, 'x', pieces('abcd'), 4), { code: 'FileAccess' });
  assert.equal(server.asked.at(-1), 'DELETE /bucket/x?uploadId=u');
});

test('a large object is copied in ranges', async (t) => {
  const { connection, asked } = await scriptedS3(t, begun, copied, copied, done);
  assert.equal(await copy(connection, { key: 'x', size: 7 }, 'y', 4), true);
  assert.equal(asked.length, 4);
});
