import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { completedRun, objectsOf } from '../../helpers/completedRun.ts';
import { root } from '../../helpers/ddr.ts';
import { FakeCluster } from '../../helpers/fakeCluster.ts';
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

test('a signal ends ddr fetch with 130, and its pod is deleted', async (t) => {
  const run = await completedRun(t);
  const cluster = new FakeCluster({
    folder: run.root,
    mount: '/volumes/run',
    objects: objectsOf(run),
    fault: () => 'silent',
  });
  await cluster.start(t);
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'kubeconfig'), cluster.kubeconfig);
  const child = spawn(process.execPath, [join(root, 'src/cli/main.ts'), 'fetch', 'test', '-n', 'n', '--to', folder], {
    env: { ...process.env, KUBECONFIG: join(folder, 'kubeconfig') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (part: Buffer) => {
    said += part;
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  while (cluster.commands === 0 && child.exitCode === null) await wait(50);
  assert.equal(cluster.pods().length, 1);
  child.kill('SIGINT');
  assert.equal(await ended, 130);
  assert.deepEqual(cluster.pods(), []);
  assert.match(said, /the same command goes on/);
});
