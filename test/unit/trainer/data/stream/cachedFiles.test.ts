import assert from 'node:assert/strict';
import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cachedFiles, onDisk, readCached, writeCached } from '../../../../../src/trainer/data/stream/cachedFiles.ts';
import { temporaryFolder } from '../../../../helpers/folder.ts';

const nameOf = (digit: string) => digit.repeat(32);

test('a file reads as it was written, in parts too', async (t) => {
  const folder = temporaryFolder(t);
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => i);
  assert.equal(await writeCached(folder, nameOf('a'), bytes), true);
  assert.deepEqual(readdirSync(folder), [nameOf('a')]);
  for (const sound of [true, false])
    assert.deepEqual(
      await readCached(join(folder, nameOf('a')), { length: 300, sound }, { from: 290, length: 10 }),
      bytes.subarray(290),
    );
  await assert.rejects(readCached(join(folder, nameOf('a')), { length: 301, sound: true }, { from: 290, length: 11 }));
  assert.equal(await writeCached(join(folder, 'none'), nameOf('b'), bytes), false);
});

test('files are found with what they hold, the one written longest ago first', async (t) => {
  const folder = temporaryFolder(t);
  for (const [i, digit] of ['b', 'a', 'c'].entries()) {
    await writeCached(folder, nameOf(digit), new Uint8Array(10 * i));
    utimesSync(join(folder, nameOf(digit)), 100 - i, 100 - i);
  }
  writeFileSync(join(folder, nameOf('d')), 'x'); // cut off before its checksum
  const found = await cachedFiles(folder);
  assert.deepEqual(
    [...found].map(([name, { length, sound }]) => [name[0], length, sound]),
    [
      ['c', 20, false],
      ['a', 10, false],
      ['b', 0, false],
      ['d', 0, false],
    ],
  );
});

test('a file takes whole blocks of the disk, its checksum included', () => {
  assert.deepEqual([1, 4092, 4093, 8188].map(onDisk), [4096, 4096, 8192, 8192]);
});
