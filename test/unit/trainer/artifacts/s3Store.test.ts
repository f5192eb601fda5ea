import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createS3Store, openS3Store } from '../../../../src/trainer/artifacts/s3Store.ts';
import { createS3Client } from '../../../../src/trainer/s3/client.ts';
import { s3ServerOfFile, skipS3 } from '../../../helpers/s3Server.ts';
import { storeGuarantees, textOf } from '../../../helpers/storeGuarantees.ts';

const server = s3ServerOfFile();
const options = { skip: skipS3 };

function open() {
  const client = createS3Client(server().place(), server().credentials);
  const everything = async () => (await client.list('')).objects.map(({ key }) => key);
  return {
    client,
    store: createS3Store(client, -60_000), // nothing rests, whatever the server's clock says
    another: () => createS3Store(client, -60_000),
    everything,
    async damage(key: string, bytes?: Uint8Array) {
      const manifest = await client.get(`${key.slice(0, key.lastIndexOf('/'))}/.committed.json`);
      const { upload } = JSON.parse(Buffer.from(manifest?.bytes ?? []).toString()) as { upload: string };
      const object = `${upload}/${key.slice(key.lastIndexOf('/') + 1)}`;
      const before = await client.get(object);
      assert.ok(before !== undefined);
      await client.put(object, bytes ?? new Uint8Array(before.size));
    },
  };
}

storeGuarantees({ skip: skipS3, open });

test(
  'a folder whose files are gone is damaged, can be made anew, and is not in the way of a commit',
  options,
  async () => {
    const { client, store, another, everything } = open();
    await store.commit('runs/a', { x: 'old' });
    await client.remove((await everything()).filter((key) => key.endsWith('/x')));
    await assert.rejects(another().read('runs/a/x'), { code: 'DigestMismatch' });
    await assert.rejects(store.readRange('runs/a/x', 0, 1), { code: 'DigestMismatch' });
    await another().commit('runs/a', { x: 'new' });
    assert.equal(await textOf(store, 'runs/a/x'), 'new', 'found by whoever knew the folder of before, too');
  },
);

test('a damaged manifest is damage, and takes nothing along', options, async () => {
  const { client, store, another, everything } = open();
  for (const name of ['a', 'b']) await store.commit(`runs/${name}`, { x: name });
  await client.put('runs/a/.committed.json', Buffer.from('{"format": 1, "upl'));
  await assert.rejects(another().read('runs/a/x'), { code: 'DigestMismatch' });
  const before = await everything();
  await another().removePartial({ below: 'runs' });
  assert.deepEqual(await everything(), before, 'what its files were cannot be told');
  await another().quarantine('runs/a');
  await another().removePartial({ below: 'runs' });
  assert.deepEqual([await another().exists('runs/a'), await textOf(another(), 'runs/b/x')], [false, 'b']);
});

test('nothing outside its prefix is seen or touched', options, async () => {
  const { prefix, ...rest } = server().place();
  const at = (below: string) => createS3Client({ ...rest, prefix: `${prefix}${below}` }, server().credentials);
  const [inner, outer] = [createS3Store(at('/run')), createS3Store(at('/run-b'))];
  await outer.commit('runs/a', { x: 'other' });
  await inner.commit('runs/a', { x: 'own' });
  await inner.remove('runs');
  assert.deepEqual([await inner.exists('runs'), await textOf(outer, 'runs/a/x')], [false, 'other']);
});

test('an opened store has conditional writes, and its room is not known', options, async () => {
  const place = server().place();
  const store = await openS3Store(place, server().credentials);
  assert.equal(await store.free(), undefined);
  assert.deepEqual(await createS3Client(place, server().credentials).list(''), { objects: [], folders: [] });
  assert.equal(store.describe('runs/a'), `s3://${place.bucket}/${place.prefix}/runs/a`);
});

test('a wrong key, a vanished bucket and a server that is away are errors, not an empty store', options, async () => {
  const { credentials, place, createBucket, deleteBucket } = server();
  const bucket = place().prefix;
  await createBucket(bucket);
  const patience = { budget: 300, idle: 300 };
  const vanished = await openS3Store(place({ bucket }), credentials, { patience });
  await deleteBucket(bucket);
  const denied = createS3Store(createS3Client(place(), { ...credentials, secretAccessKey: 'wrong' }));
  const away = createS3Store(createS3Client(place({ endpoint: 'http://127.0.0.1:1' }), credentials, { patience }));
  for (const [store, message] of [
    [vanished, /bucket is not there/],
    [denied, /secret key/],
    [away, /does not answer/],
  ] as const) {
    const failed = { code: 'FileAccess', message };
    await assert.rejects(store.exists('a'), failed);
    await assert.rejects(store.read('a/x'), failed);
    await assert.rejects(store.list('a'), failed);
    await assert.rejects(store.takeAttempt('a'), failed);
    await assert.rejects(store.commit('a', { x: '1' }), failed);
    await assert.rejects(store.remove('a'), failed);
  }
});
