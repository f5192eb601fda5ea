import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readWholeFile } from '../../../../src/trainer/formats/wholeFile.ts';
import { temporaryFolder } from '../../../helpers/folder.ts';

test('a file is read whole, in as many pieces as it takes', async (t) => {
  const path = join(temporaryFolder(t), 'file');
  for (const size of [0, 1, 9, 10, 11, 1000]) {
    const bytes = Uint8Array.from({ length: size }, (_, i) => i % 251);
    writeFileSync(path, bytes);
    assert.deepEqual(await readWholeFile(path, { piece: 10 }), bytes);
  }
  await assert.rejects(readWholeFile(path, { maximumBytes: 999 }), { code: 'InputUnsafe', where: path });
});

test('what is no file is refused at once: a pipe would let us wait for ever, a device would never end', async (t) => {
  const folder = temporaryFolder(t);
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  for (const path of [folder, pipe, '/dev/zero'])
    await assert.rejects(readWholeFile(path), { code: 'InputForeign', where: path });
});
