import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasCode, isMissing } from '../../../../src/trainer/formats/fileErrors.ts';
import { temporaryFolder } from '../../../helpers/folder.ts';

const errorOf = (path: string): Promise<unknown> =>
  readFile(path).then(
    () => undefined,
    (error: unknown) => error,
  );

test('a file that is not there, and one below a file, are missing', async (t) => {
  assert.equal(isMissing(await errorOf(join(temporaryFolder(t), 'nothing'))), true);
  assert.equal(isMissing(await errorOf(join(import.meta.filename, 'below'))), true);
});

test('a folder is there, though it cannot be read as a file', async (t) => {
  const error = await errorOf(temporaryFolder(t));
  assert.equal(isMissing(error), false);
  assert.equal(hasCode(error, 'EACCES', 'EISDIR'), true);
});

test('what is no error of the operating system has no code', () => {
  assert.equal(hasCode(new Error('ENOENT'), 'ENOENT'), false);
  assert.equal(hasCode('ENOENT', 'ENOENT'), false);
});
