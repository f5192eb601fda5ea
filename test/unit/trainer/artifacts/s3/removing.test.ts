import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quarantineFolder, removeFolder, removeUploads } from '../../../../../src/trainer/artifacts/s3/removing.ts';
import { createS3Store } from '../../../../../src/trainer/artifacts/s3Store.ts';
import { memoryS3 } from '../../../../helpers/memoryS3.ts';
import { textOf } from '../../../../helpers/storeGuarantees.ts';

async function withFolders(...folders: string[]) {
  const client = memoryS3();
  for (const folder of folders) await createS3Store(client).commit(folder, { x: folder });
  client.asked.length = 0;
  return client;
}

test('manifests are removed before files, so that a folder is never there by half', async () => {
  const client = await withFolders('runs/a', 'runs/a/b', 'runs/c');
  await removeFolder(client, 'runs/a');
  const removed = client.asked.filter((asked) => asked.startsWith('remove')).map((asked) => asked.endsWith('.json'));
  assert.deepEqual(removed, [true, true, false, false]);
  assert.deepEqual(
    [...client.objects.keys()].filter((key) => /runs\/(\.uploads\/)?a/.test(key)),
    [],
  );
  assert.equal(client.objects.size, 2);
});

test('a folder goes into quarantine before it goes from its place', async () => {
  const client = await withFolders('runs/a');
  await quarantineFolder(client, 'runs/a');
  const [, put = '', remove] = client.asked;
  assert.match(put, /^put runs\/damaged-a-[0-9a-f]{8}\/\.committed\.json$/);
  assert.equal(remove, 'remove runs/a/.committed.json');
  await quarantineFolder(client, 'runs/never');
  assert.equal(client.objects.size, 2);
});

test('what becomes a folder while others’ leavings are collected stays', async () => {
  const client = await withFolders('runs/a');
  const manifest = client.objects.get('runs/a/.committed.json') ?? Buffer.of();
  client.objects.delete('runs/a/.committed.json');
  client.objects.set('runs/.uploads/a/lost/x', Buffer.of(1));
  client.before = (asked) => {
    if (asked === 'list runs/') client.objects.set('runs/a/.committed.json', manifest);
  };
  await removeUploads(client, 'runs', 'a');
  assert.equal(client.objects.has('runs/.uploads/a/lost/x'), false);
  assert.equal(await textOf(createS3Store(client), 'runs/a/x'), 'runs/a');
});

test('where nothing was left nothing is looked at', async () => {
  const client = await withFolders('runs/a');
  await removeUploads(client, 'runs', 'b');
  assert.deepEqual(client.asked, ['abandon runs/.uploads/b/', 'list runs/.uploads/b/']);
});
