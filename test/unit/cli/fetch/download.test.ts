import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { download, isWhole, type Wanted } from '../../../../src/cli/fetch/download.ts';
import { createPosixStore } from '../../../../src/trainer/artifacts/posixStore.ts';
import { recordOf } from '../../../../src/trainer/artifacts/records.ts';
import { temporaryFolder } from '../../../helpers/folder.ts';
import { temporaryStore } from '../../../helpers/trainer.ts';

const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 251));
const record = recordOf(bytes);

async function setUp(t: Parameters<typeof temporaryFolder>[0]) {
  const { root, store } = temporaryStore(t);
  await store.commit('a', { f: bytes });
  const folder = join(temporaryFolder(t), 'deep');
  const wanted: Wanted = { key: 'a/f', path: join(folder, 'f'), record };
  const part = join(folder, `.f-${record.sha256.slice(0, 16)}.part`);
  const reads: number[] = [];
  const watched = {
    ...store,
    readRange: (key: string, offset: number, length: number) => {
      reads.push(offset);
      return store.readRange(key, offset, length);
    },
  };
  let told = 0;
  const run = () =>
    download(watched, wanted, (more) => {
      told += more;
    });
  return { root, store, folder, wanted, part, reads, run, told: () => told };
}

test('a file comes into its place, and nothing is left beside it', async (t) => {
  const { folder, wanted, run, told } = await setUp(t);
  assert.ok(!(await isWhole(wanted)));
  await run();
  assert.ok(bytes.equals(readFileSync(wanted.path)));
  assert.deepEqual(readdirSync(folder), ['f']);
  assert.equal(told(), bytes.length);
});

test('what is whole is not read again; what is another file is replaced', async (t) => {
  const { wanted, reads, run, told } = await setUp(t);
  await run();
  await run();
  assert.deepEqual([reads, told()], [[0], 2 * bytes.length]);
  writeFileSync(wanted.path, Buffer.alloc(bytes.length));
  await run();
  assert.ok(bytes.equals(readFileSync(wanted.path)));
});

test('a part is continued where it ends', async (t) => {
  const { part, wanted, reads, run, told } = await setUp(t);
  await run();
  writeFileSync(part, bytes.subarray(0, 400));
  writeFileSync(wanted.path, '');
  reads.length = 0;
  await run();
  assert.deepEqual(reads, [400]);
  assert.ok(bytes.equals(readFileSync(wanted.path)));
  assert.equal(told(), 2 * bytes.length);
});

for (const [name, damaged] of [
  ['damaged', Buffer.alloc(400)],
  ['too long', Buffer.alloc(2000)],
  ['whole already', bytes],
] as const)
  test(`a part that is ${name} does no harm`, async (t) => {
    const { part, wanted, run, told } = await setUp(t);
    await run();
    writeFileSync(wanted.path, '');
    writeFileSync(part, damaged);
    await run();
    assert.ok(bytes.equals(readFileSync(wanted.path)));
    assert.ok(!existsSync(part));
    assert.equal(told(), 2 * bytes.length);
  });

test('a store that holds something else is told of, and nothing comes into place', async (t) => {
  const { root, wanted, part, run } = await setUp(t);
  writeFileSync(join(root, 'a/f'), Buffer.alloc(bytes.length));
  await assert.rejects(run(), { code: 'DigestMismatch', where: join(root, 'a/f') });
  writeFileSync(join(root, 'a/f'), bytes.subarray(1));
  await assert.rejects(run(), { code: 'DigestMismatch' });
  assert.ok(!existsSync(wanted.path) && !existsSync(part));
});

test('what goes wrong here has its code', async (t) => {
  const { store, folder, wanted } = await setUp(t);
  const file = join(folder, '..', 'file');
  writeFileSync(file, '');
  await assert.rejects(
    download(store, { ...wanted, path: join(file, 'f') }, () => {}),
    { code: 'FileAccess' },
  );
  const none = createPosixStore('/nowhere');
  await assert.rejects(
    download(none, wanted, () => {}),
    { code: 'DigestMismatch', message: /is missing/ },
  );
});
