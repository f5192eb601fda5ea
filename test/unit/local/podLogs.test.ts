import assert from 'node:assert/strict';
import { closeSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PodLogs } from '../../../src/local/podLogs.ts';
import { temporaryFolder } from '../../helpers/folder.ts';

test('the tail of a log is its last 2 KiB; that of none is empty', (t) => {
  const logs = new PodLogs(temporaryFolder(t));
  assert.equal(logs.tail('a'), '');
  writeFileSync(logs.pathOf('a'), `${'x'.repeat(5000)}end`);
  assert.equal(logs.tail('a'), `${'x'.repeat(2045)}end`);
});

test('a log that has grown too large is moved aside, and its process goes on writing at the new end', (t) => {
  const logs = new PodLogs(temporaryFolder(t));
  const file = logs.open('a');
  writeSync(file, Buffer.alloc(10 * 2 ** 20 + 1, 'x'));
  logs.bound('a');
  writeSync(file, 'more');
  closeSync(file);
  assert.equal(readFileSync(logs.pathOf('a'), 'utf8'), 'more');
  assert.equal(statSync(`${logs.pathOf('a')}.1`).size, 10 * 2 ** 20 + 1);
});

test('the newest 500 logs are kept', (t) => {
  const folder = temporaryFolder(t);
  for (let i = 0; i < 503; i++) {
    const path = join(folder, `${i}.log`);
    writeFileSync(path, '');
    utimesSync(path, i, i);
  }
  new PodLogs(folder);
  const left = readdirSync(folder);
  assert.deepEqual([left.length, left.includes('2.log'), left.includes('3.log')], [500, false, true]);
});
