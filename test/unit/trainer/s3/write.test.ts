import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copySource, copyWhole, put, remove } from '../../../../src/trainer/s3/write.ts';
import { error, listing, type Said, scriptedS3 } from '../../../helpers/scriptedS3.ts';

const bytes = Buffer.from('mine');
const written: Said = { headers: { etag: '"e"' } };
const refused = error(412, 'PreconditionFailed');
const there = (body: string, etag = '"e"'): Said => ({
  status: 206,
  headers: { etag, 'content-range': `bytes 0-${body.length - 1}/${body.length}` },
  body,
});
const nothing: Said[] = [error(404, 'NoSuchKey'), listing([])];

test('a write whose answer was lost is found out about', async (t) => {
  const own = await scriptedS3(t, 'cut', refused, there('mine'));
  assert.equal(await put(own.connection, 'x', bytes, { ifAbsent: true }), '"e"');
  const anothers = await scriptedS3(t, 'cut', refused, there('other'));
  assert.equal(await put(anothers.connection, 'x', bytes, { ifAbsent: true }), undefined);
  const replaced = await scriptedS3(t, 'cut', refused, there('mine', '"new"'));
  assert.equal(await put(replaced.connection, 'x', bytes, { ifMatch: '"old"' }), '"new"');
});

test('equal bytes that nobody here can have written are another’s', async (t) => {
  const { connection } = await scriptedS3(t, refused, there('mine'));
  assert.equal(await put(connection, 'x', bytes, { ifAbsent: true }), undefined);
});

test('a refusal without a reason is not believed', async (t) => {
  const absent = await scriptedS3(t, refused, ...nothing, written);
  assert.equal(await put(absent.connection, 'x', bytes, { ifAbsent: true }), '"e"');
  const same = await scriptedS3(t, refused, there('other', '"old"'), written);
  assert.equal(await put(same.connection, 'x', bytes, { ifMatch: '"old"' }), '"e"');
});

test('what cannot match because it is not there is not written', async (t) => {
  const { connection } = await scriptedS3(t, error(404, 'NoSuchKey'), ...nothing);
  assert.equal(await put(connection, 'x', bytes, { ifMatch: '"old"' }), undefined);
});

test('objects are removed and copied, whatever their keys are', async (t) => {
  const { connection, asked } = await scriptedS3(t, { status: 204 }, error(404, 'NoSuchKey'));
  await remove(connection, ['a b', 'c']);
  assert.deepEqual(asked.sort(), ['DELETE /bucket/a%20b', 'DELETE /bucket/c']);
  assert.equal(copySource(connection, 'a b/ü?'), 'bucket/a%20b/%C3%BC%3F');
  const copied = await scriptedS3(t, { body: '<CopyObjectResult><ETag>"e"</ETag></CopyObjectResult>' });
  assert.equal(await copyWhole(copied.connection, { key: 'a', size: 1 }, 'b'), true);
  const missing = await scriptedS3(t, error(404, 'NoSuchKey'));
  assert.equal(await copyWhole(missing.connection, { key: 'a', size: 1 }, 'b'), false);
});
