import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { takeLock } from '../../../src/cli/lock.ts';
import { temporaryFolder } from '../../helpers/folder.ts';

test('a lock is held until it is given back, and leaves nothing', (t) => {
  const path = join(temporaryFolder(t), 'home', 'run.lock');
  const release = takeLock(path);
  assert.throws(() => takeLock(path), {
    code: 'InvalidSpec',
    message: new RegExp(`process ${process.pid} is running`),
  });
  release();
  takeLock(path)();
  assert.deepEqual(readdirSync(dirname(path)), []);
});

test('a lock of a process that has gone is taken over', (t) => {
  const path = join(temporaryFolder(t), 'run.lock');
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  for (const stale of [`${pid} 1`, 'nonsense', '']) {
    writeFileSync(path, stale);
    const release = takeLock(path);
    assert.match(readFileSync(path, 'utf8'), new RegExp(`^${process.pid} `));
    release();
  }
});

test('a process that has the number of one that has gone does not hold its lock', {
  skip: process.platform !== 'linux',
}, (t) => {
  const path = join(temporaryFolder(t), 'run.lock');
  writeFileSync(path, `${process.pid} 1`); // this number, but of a process that began at another time
  takeLock(path)();
});

test('a lock that somebody else has taken meanwhile is not given back', (t) => {
  const path = join(temporaryFolder(t), 'run.lock');
  const release = takeLock(path);
  writeFileSync(path, '1 1');
  release();
  assert.ok(existsSync(path));
});
