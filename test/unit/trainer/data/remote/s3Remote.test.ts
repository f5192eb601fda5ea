import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { s3PlaceSchema } from '../../../../../src/api/spec/s3.ts';
import { openS3Remote } from '../../../../../src/trainer/data/remote/s3Remote.ts';
import type { SourceFile } from '../../../../../src/trainer/data/sourceFiles.ts';
import { createS3Client } from '../../../../../src/trainer/s3/client.ts';
import { bytesOf } from '../../../../helpers/data.ts';
import { s3ServerOfFile, skipS3 } from '../../../../helpers/s3Server.ts';

const server = s3ServerOfFile();
const options = { skip: skipS3 };

/** A prefix with these objects. */
async function prefixOf(objects: Record<string, Uint8Array | string>) {
  const place = server().place();
  const client = createS3Client(place, server().credentials);
  for (const [key, content] of Object.entries(objects)) await client.put(key, Buffer.from(content));
  return { client, place, remote: openS3Remote(place, server().credentials) };
}

test('objects below a prefix are files; what is hidden, and what stands for a folder, is none', options, async () => {
  const { remote } = await prefixOf({ 'd/a.tar': 'abc', 'd/b/c.tar': 'x', 'd/.x': 'x', 'd/b/': '', 'e.npy': 'y' });
  const found = await remote.find('d');
  assert.deepEqual(
    found.map(({ name, size }) => [name, size]),
    [
      ['d/a.tar', 3],
      ['d/b/c.tar', 1],
    ],
  );
  assert.equal((await remote.find('')).length, 3);
  assert.deepEqual(await remote.find('nothing'), []);
  const [one] = (await remote.find('e.npy')) as [SourceFile];
  assert.deepEqual([one.name, one.size], ['e.npy', 1]);
  assert.deepEqual(
    [await remote.isFile('e.npy'), await remote.isFile('d'), await remote.isFile('')],
    [true, false, false],
  );
});

test('an object is read by ranges and whole', options, async () => {
  const large = randomBytes(2 ** 24 + 5);
  const { remote } = await prefixOf({ 'a b/ä.tar': large, empty: '' });
  const [file] = (await remote.find('a b')) as [SourceFile];
  assert.ok(large.subarray(7, 2 ** 20).equals(await remote.range(file, 7, 2 ** 20 - 7)));
  assert.equal((await remote.range(file, 5, 0)).length, 0);
  assert.ok(large.equals(await bytesOf(remote.stream(file))));
  const [empty] = (await remote.find('empty')) as [SourceFile];
  assert.equal((await bytesOf(remote.stream(empty))).length, 0);
  await assert.rejects(remote.range(file, file.size - 1, 2), { code: 'InputTruncated' });
});

test('an object that vanished, shrank or is another one since it was listed is not read', options, async () => {
  const { remote, client } = await prefixOf({});
  const changes: Record<string, () => Promise<unknown>> = {
    vanished: () => client.remove(['a.tar']),
    shorter: () => client.put('a.tar', Buffer.from('abc')),
    other: () => client.put('a.tar', Buffer.from('ABCDEF')),
  };
  for (const [how, change] of Object.entries(changes)) {
    await client.put('a.tar', Buffer.from('abcdef'));
    const [file] = (await remote.find('a.tar')) as [SourceFile];
    await change();
    await assert.rejects(remote.range(file, 0, 2), { code: 'DataChanged', where: /a\.tar/ }, how);
    await assert.rejects(bytesOf(remote.stream(file)), { code: 'DataChanged' }, how);
  }
});

test('a bucket that is not there and a key that is not known are refused, with what to do', options, async () => {
  const none = openS3Remote(server().place({ bucket: 'no-such-bucket' }), server().credentials);
  await assert.rejects(none.find('a'), { code: 'FileAccess', message: /bucket is not there/ });
  const stranger = openS3Remote(server().place(), { accessKeyId: 'nobody', secretAccessKey: 'x' });
  await assert.rejects(stranger.find('a'), { code: 'FileAccess' });
});

test('a server that does not answer is given up after a while, with the code that is tried again', async () => {
  const place = s3PlaceSchema.parse({ bucket: 'data', endpoint: 'http://127.0.0.1:1' });
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const remote = openS3Remote(place, credentials, { budget: 100, idle: 1000, random: () => 0 });
  await assert.rejects(remote.find(''), { code: 'SourceUnavailable', exitCode: 74 });
});
