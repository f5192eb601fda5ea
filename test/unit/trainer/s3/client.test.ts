import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { DdrError } from '../../../../src/api/errors.ts';
import { createS3Client } from '../../../../src/trainer/s3/client.ts';
import { s3ServerOfFile, skipS3 } from '../../../helpers/s3Server.ts';

const server = s3ServerOfFile();
const options = { skip: skipS3 };
const minimumPart = 5 * 2 ** 20;

const clientOf = (place = server().place()) =>
  createS3Client(place, server().credentials, { partBytes: minimumPart, copyBytes: minimumPart });

async function* pieces(...parts: Uint8Array[]) {
  yield* parts;
}

test('an object is written, read whole and in parts, and removed', options, async () => {
  const client = clientOf();
  const etag = await client.put('a/x', Buffer.from('0123456789'));
  assert.deepEqual(await client.head('a/x'), { key: 'a/x', size: 10, etag });
  assert.equal(Buffer.from((await client.get('a/x'))?.bytes ?? []).toString(), '0123456789');
  const part = await client.range('a/x', { offset: 7, length: 9, etag });
  assert.deepEqual(part, { bytes: Buffer.from('789'), size: 10, etag });
  const end = await client.range('a/x', { offset: 10, length: 1 });
  assert.deepEqual(end, { bytes: new Uint8Array(0), size: 10, etag });
  await client.remove(['a/x', 'a/never']);
  assert.deepEqual(
    [await client.head('a/x'), await client.get('a/x'), await client.range('a/x', { offset: 0, length: 1 })],
    [undefined, undefined, 'Missing'],
  );
});

test('a part of another version is not given', options, async () => {
  const client = clientOf();
  const etag = await client.put('x', Buffer.from('before'));
  await client.put('x', Buffer.from('after.'));
  assert.equal(await client.range('x', { offset: 0, length: 3, etag }), 'Changed');
});

test('of conditions the server is the judge', options, async () => {
  const client = clientOf();
  const first = await client.put('x', Buffer.from('one'), { ifAbsent: true });
  assert.ok(first !== undefined);
  assert.equal(await client.put('x', Buffer.from('one'), { ifAbsent: true }), undefined, 'equal bytes are refused too');
  const second = await client.put('x', Buffer.from('two'), { ifMatch: first });
  assert.ok(second !== undefined);
  assert.equal(await client.put('x', Buffer.from('three'), { ifMatch: first }), undefined);
  assert.equal(await client.put('y', Buffer.from('three'), { ifMatch: first }), undefined);
  const raced = await Promise.all(
    Array.from({ length: 8 }, (_, i) => client.put('z', Buffer.from(String(i)), { ifAbsent: true })),
  );
  assert.equal(raced.filter((etag) => etag !== undefined).length, 1);
});

test('large objects go up and are copied in parts', options, async () => {
  const client = clientOf();
  const bytes = Buffer.alloc(2 * minimumPart + 12_345, randomUUID());
  await client.upload(
    'large',
    pieces(bytes.subarray(0, 7), bytes.subarray(7, minimumPart + 1), bytes.subarray(minimumPart + 1)),
  );
  assert.equal((await client.head('large'))?.size, bytes.length);
  assert.ok(await client.copy({ key: 'large', size: bytes.length }, 'b/copy of it'));
  assert.ok(bytes.equals((await client.get('b/copy of it'))?.bytes ?? Buffer.of()));
  assert.equal(await client.copy({ key: 'none', size: 3 }, 'c'), false);
  await client.upload('empty', pieces());
  assert.equal((await client.head('empty'))?.size, 0);
});

test('an upload whose source fails leaves nothing', options, async () => {
  const client = clientOf();
  async function* failing() {
    yield Buffer.alloc(minimumPart + 5);
    throw new Error('the source ended');
  }
  await assert.rejects(client.upload('x', failing()), /the source ended/);
  assert.equal(await client.head('x'), undefined);
  assert.deepEqual(await client.list(''), { objects: [], folders: [] });
});

test('a listing has all pages, of a folder or of all below it', options, async () => {
  const client = createS3Client(server().place(), server().credentials, { pageKeys: 3 });
  const keys = Array.from({ length: 7 }, (_, i) => `many/${i}`);
  await Promise.all(keys.map((key) => client.put(key, Buffer.of(1))));
  await client.put('other/a/x', Buffer.of(1, 2));
  await client.put('other/y', Buffer.of(1));
  const listed = await client.list('many/');
  assert.deepEqual(
    listed.objects.map(({ key }) => key),
    keys,
  );
  const folder = await client.list('other/', '/');
  assert.deepEqual(folder.folders, ['other/a/']);
  assert.deepEqual(
    folder.objects.map(({ key, size }) => [key, size]),
    [['other/y', 1]],
  );
  assert.deepEqual(await client.list('nothing/'), { objects: [], folders: [] });
});

test('a wrong key and a vanished bucket are said with what to do', options, async () => {
  const { credentials, place } = server();
  const cases = [
    [place({ bucket: 'never-there' }), credentials, /bucket is not there/, /Create it/],
    [place(), { ...credentials, secretAccessKey: 'wrong' }, /secret key/, /AWS_SECRET_ACCESS_KEY/],
    [place(), { ...credentials, accessKeyId: 'nobody' }, /access key/, /AWS_ACCESS_KEY_ID/],
  ] as const;
  for (const [at, as, message, hint] of cases) {
    const client = createS3Client(at, as);
    const wanted = (error: unknown) =>
      error instanceof DdrError &&
      error.code === 'FileAccess' &&
      message.test(error.message) &&
      hint.test(error.hint ?? '');
    await assert.rejects(client.get('x'), wanted);
    await assert.rejects(client.put('x', Buffer.of(1)), wanted);
    await assert.rejects(client.list(''), wanted);
  }
  await assert.rejects(clientOf(place({ bucket: 'never-there' })).head('x'), { message: /bucket is not there/ });
});
