import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abandon, begin, complete, listMultiparts } from '../../../../src/trainer/s3/multipart.ts';
import { error, listing, type Said, scriptedS3 } from '../../../helpers/scriptedS3.ts';

const whole = { key: 'x', id: 'u' };
const sent = [
  { PartNumber: 1, ETag: '"wrong"', bytes: 5 },
  { PartNumber: 2, ETag: '"b"', bytes: 2 },
];
const done: Said = { body: '<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>' };
const head = (size: number): Said => ({ headers: { etag: '"e"', 'content-length': String(size) } });
const parts = (...sizes: number[]): Said => ({
  body: `<ListPartsResult><IsTruncated>false</IsTruncated>${sizes
    .map((size, i) => `<Part><PartNumber>${i + 1}</PartNumber><Size>${size}</Size><ETag>"${i}"</ETag></Part>`)
    .join('')}</ListPartsResult>`,
});

test('an object that was completed, though nobody heard of it, is there', async (t) => {
  const { connection } = await scriptedS3(t, 'cut', error(404, 'NoSuchUpload'), head(7));
  await complete(connection, whole, sent);
  const other = await scriptedS3(t, 'cut', error(404, 'NoSuchUpload'), head(6));
  await assert.rejects(complete(other.connection, whole, sent), { code: 'FileAccess', message: /no longer there/ });
  const gone = await scriptedS3(t, error(404, 'NoSuchUpload'), { status: 404 }, listing([]));
  await assert.rejects(complete(gone.connection, whole, sent), { code: 'FileAccess', message: /no longer there/ });
});

test('of parts what the server has counts, where an answer told another etag', async (t) => {
  const { connection, asked } = await scriptedS3(t, error(400, 'InvalidPart'), parts(5, 2), done);
  await complete(connection, whole, sent);
  assert.equal(asked[1], 'GET /bucket/x?uploadId=u');
  const lost = await scriptedS3(t, error(400, 'InvalidPart'), parts(5), { status: 404 }, listing([]));
  await assert.rejects(complete(lost.connection, whole, sent), { code: 'FileAccess' });
});

test('uploads are begun, found and ended', async (t) => {
  const begun = '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>';
  const found =
    '<ListMultipartUploadsResult><Upload><Key>x</Key><UploadId>u</UploadId></Upload></ListMultipartUploadsResult>';
  const { connection, asked } = await scriptedS3(t, { body: begun }, { body: found }, { status: 204 });
  assert.deepEqual(await begin(connection, 'x'), whole);
  assert.deepEqual(await listMultiparts(connection, ''), [whole]);
  await abandon(connection, whole);
  assert.equal(asked[2], 'DELETE /bucket/x?uploadId=u');
});
