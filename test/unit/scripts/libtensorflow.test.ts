import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../helpers/ddr.ts';
import { temporaryFolder } from '../../helpers/folder.ts';

test('a download that fails says what to look at, and leaves nothing behind', {
  skip: process.platform !== 'linux',
}, (t) => {
  const folder = temporaryFolder(t); // a checkout without packages: nothing is installed there
  mkdirSync(join(folder, 'scripts'));
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  copyFileSync(join(root, 'scripts/libtensorflow.ts'), join(folder, 'scripts/libtensorflow.ts'));
  const { status, stderr } = spawnSync(process.execPath, [join(folder, 'scripts/libtensorflow.ts')], {
    encoding: 'utf8',
    env: {
      ...process.env,
      DDR_CACHE: join(folder, 'cache'),
      PIP_INDEX_URL: 'http://127.0.0.1:1/',
      PIP_RETRIES: '0',
    },
  });
  assert.equal(status, 1);
  assert.match(stderr, /setup: python3 failed; pip could not download the wheel: is PyPI to be reached/);
  assert.deepEqual(readdirSync(join(folder, 'cache')), []);
});
