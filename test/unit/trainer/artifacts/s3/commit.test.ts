import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DdrError } from '../../../../../src/api/errors.ts';
import type { AssertNewest } from '../../../../../src/trainer/artifacts/attempt.ts';
import { commitFolder } from '../../../../../src/trainer/artifacts/s3/commit.ts';
import { createReading } from '../../../../../src/trainer/artifacts/s3/reading.ts';
import { type MemoryS3, memoryS3 } from '../../../../helpers/memoryS3.ts';

const manifest = 'runs/a/.committed.json';

function commit(client: MemoryS3, text: string, assertNewest: AssertNewest = async () => {}): Promise<string> {
  const { find } = createReading(client);
  return commitFolder(
    { client, find, assertNewest },
    'runs/a',
    { x: text },
    async () => {},
    () => 'runs/a',
  );
}

const read = async (client: MemoryS3) => Buffer.from((await createReading(client).read('runs/a/x')) ?? []).toString();
const removeFiles = (client: MemoryS3) => {
  for (const key of client.objects.keys()) if (key.endsWith('/x')) client.objects.delete(key);
};

test('the manifest is written last, after a look whether all of its files are there', async () => {
  const client = memoryS3();
  assert.equal(await commit(client, 'text'), 'runs/a');
  const [file = '', list = '', last] = client.asked;
  assert.match(file, /^put runs\/\.uploads\/a\/[-0-9a-f]{36}\/x$/);
  assert.equal(list, `list ${file.slice(4, -1)}`);
  assert.deepEqual([last, client.asked.length], [`put ${manifest}`, 3]);
});

test('a folder that is there and whole stays, and nothing is left of the other', async () => {
  const client = memoryS3();
  await commit(client, 'first');
  await commit(client, 'second');
  assert.deepEqual([await read(client), client.objects.size], ['first', 2]);
});

test('files that were cleared away before the manifest was written make no folder', async () => {
  const client = memoryS3();
  client.before = (asked) => {
    if (asked.startsWith('list')) removeFiles(client);
  };
  await assert.rejects(commit(client, 'text'), { code: 'FileAccess', message: /no longer there/ });
  assert.equal(client.objects.size, 0);
});

test('a folder that was cleared away at the moment of its commit is replaced by the next commit', async () => {
  const client = memoryS3();
  client.before = (asked) => {
    if (asked === `put ${manifest}`) removeFiles(client);
  };
  await commit(client, 'old');
  await assert.rejects(read(client), { code: 'DigestMismatch' });
  client.before = () => {};
  await commit(client, 'new');
  assert.equal(await read(client), 'new');
});

test('an attempt that was overtaken while it uploaded writes no manifest, and leaves nothing', async () => {
  const client = memoryS3();
  const overtaken = async () => {
    throw new DdrError('Fenced', 'attempt 1 stops');
  };
  await assert.rejects(commit(client, 'text', overtaken), { code: 'Fenced' });
  assert.equal(client.objects.size, 0);
});

test('where it is not known whether the manifest was written, its files stay', async () => {
  const client = memoryS3();
  client.before = (asked) => {
    if (asked === `put ${manifest}`) throw new DdrError('FileAccess', 'no answer');
  };
  await assert.rejects(commit(client, 'text'), { code: 'FileAccess' });
  assert.equal(client.objects.size, 1);
});

test('a manifest that a lost try has written is one’s own', async () => {
  const client = memoryS3();
  const { put } = client;
  client.put = async (key, bytes, condition) => {
    const etag = await put(key, bytes, condition);
    return key === manifest ? undefined : etag;
  };
  await commit(client, 'text');
  assert.equal(await read(client), 'text');
});

test('a folder that comes and goes time and again is not committed for ever', async () => {
  const client = memoryS3();
  const { put } = client;
  client.put = async (key, bytes, condition) => (key === manifest ? undefined : put(key, bytes, condition));
  await assert.rejects(commit(client, 'text'), { code: 'FileAccess', message: /time and again/ });
});
