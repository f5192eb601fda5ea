import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from './folder.ts';

/** An archive of Python's zipfile, by a script with `z` to write to; the test is skipped where there is no Python. */
export function pythonZip(t: TestContext, script: string): Uint8Array | undefined {
  const path = join(temporaryFolder(t), 'made.zip');
  const { status } = spawnSync('python3', [
    '-c',
    `import zipfile\nz = zipfile.ZipFile(${JSON.stringify(path)}, 'w')\n${script}\nz.close()`,
  ]);
  if (status === 0) return readFileSync(path);
  t.skip('needs python3');
  return undefined;
}
