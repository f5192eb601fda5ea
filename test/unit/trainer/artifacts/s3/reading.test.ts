import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordOf } from '../../../../../src/trainer/artifacts/records.ts';
import { manifestBytes, manifestKey } from '../../../../../src/trainer/artifacts/s3/folders.ts';
import { createReading } from '../../../../../src/trainer/artifacts/s3/reading.ts';
import { memoryS3 } from '../../../../helpers/memoryS3.ts';

async function withFolder(upload = 'runs/.uploads/a/1', text = '0123456789', client = memoryS3()) {
  const bytes = Buffer.from(text);
  await client.put(`${upload}/x`, bytes);
  await client.put(manifestKey('runs/a'), manifestBytes({ format: 1, upload, files: { x: recordOf(bytes) } }));
  client.asked.length = 0;
  return client;
}

const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();

test('the manifest of a folder whose files are read time and again is read once', async () => {
  const client = await withFolder();
  const reading = createReading(client);
  for (const at of [0, 3, 6]) await reading.range('runs/a/x', at, 3);
  assert.deepEqual(client.asked, ['get runs/a/.committed.json', ...Array(3).fill('range runs/.uploads/a/1/x')]);
  assert.equal(text(await reading.range('runs/a/x', 4, 0)), '');
  await assert.rejects(reading.range('runs/a/x', 8, 3), { code: 'InputTruncated' });
  assert.equal(client.asked.length, 4, 'what is known is not asked for');
});

test('a folder that was made anew meanwhile is read as it is now, one that was removed is not there', async () => {
  const client = await withFolder();
  const reading = createReading(client);
  assert.equal(text(await reading.read('runs/a/x')), '0123456789');
  client.objects.clear();
  await withFolder('runs/.uploads/a/2', 'anew', client);
  assert.equal(text(await reading.read('runs/a/x')), 'anew');
  client.objects.clear();
  assert.equal(await reading.read('runs/a/x'), undefined);
});

test('bytes that do not have their digest are read again, and then called damaged', async () => {
  const client = await withFolder();
  const { range } = client;
  let [wrong, readings] = [1, 0];
  client.range = async (...args) => {
    const found = await range(...args);
    readings++;
    return typeof found !== 'string' && wrong-- > 0 ? { ...found, bytes: Buffer.from('012345678x') } : found;
  };
  assert.equal(text(await createReading(client).read('runs/a/x')), '0123456789');
  assert.equal(readings, 2);
  wrong = 9;
  await assert.rejects(createReading(client).read('runs/a/x'), { code: 'DigestMismatch', message: /sha256/ });
});

test('a file of another size than its record has is damaged', async () => {
  const client = await withFolder();
  client.objects.set('runs/.uploads/a/1/x', Buffer.from('01234567890'));
  await assert.rejects(createReading(client).range('runs/a/x', 0, 2), { code: 'DigestMismatch', message: /11 bytes/ });
});

test('names that every object has are no files', async () => {
  const client = await withFolder();
  assert.equal(await createReading(client).find('runs/a/constructor'), undefined);
});

test('what is forgotten is asked for again', async () => {
  const client = await withFolder();
  const reading = createReading(client);
  await reading.find('runs/a/x');
  for (const [key, asked] of [
    ['runs/ab', 1],
    ['runs', 2],
    ['runs/a', 3],
  ] as const) {
    reading.forget(key);
    await reading.find('runs/a/x');
    assert.equal(client.asked.length, asked, key);
  }
});
