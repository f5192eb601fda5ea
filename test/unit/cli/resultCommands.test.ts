import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { completedRun } from '../../helpers/completedRun.ts';
import { root } from '../../helpers/ddr.ts';
import { temporaryFolder } from '../../helpers/folder.ts';

const ddr = (cwd: string, ...args: string[]) =>
  spawnSync(process.execPath, [join(root, 'src/cli/main.ts'), ...args], { encoding: 'utf8', cwd });

test('ddr fetch brings what was asked for into a folder of the run’s name, the report where nothing was', async (t) => {
  const run = await completedRun(t);
  const cwd = temporaryFolder(t);
  const { status, stdout } = ddr(cwd, 'fetch', 'test', '--from', run.root);
  assert.equal(status, 0);
  assert.ok(existsSync(join(cwd, 'test/report/report.html')) && !existsSync(join(cwd, 'test/bundle')));
  assert.match(stdout.trim().split('\n').at(-1) ?? '', /^\{.*"event":"end".*"report":/);
  const shown = ddr(cwd, 'fetch', 'test', 'bundle', 'samples', '--from', run.root, '--to', 'here', '--output', 'bar');
  assert.match(shown.stdout, /Samples: here\/samples, 2 shards\nBundle: {2}here\/bundle\n {9}sha256 [0-9a-f]{64}\n$/);
});

test('what there is not to fetch is wrong usage', (t) => {
  const cwd = temporaryFolder(t);
  assert.equal(ddr(cwd, 'fetch', 'test', 'weights').status, 2);
});
