import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { types } from '../../../src/operator/types.ts';
import { job, podsOf, startTestCluster, untilFinished, untilRunning } from '../../helpers/localJobs.ts';

test('a process has the volume’s folder for the mount path, a port, and a termination message', async (t) => {
  const local = startTestCluster(t);
  const script =
    "fs.writeFileSync(process.env.DIR + '/out', process.env.DDR_HTTP_PORT); fs.writeFileSync(process.env.DDR_TERMINATION_LOG, 'done')";
  local.objects.create(types.job, job(script));
  assert.equal((await untilFinished(local)).finished, 'Complete');
  const [pod] = podsOf(local);
  assert.deepEqual([pod?.phase, pod?.terminated?.exitCode, pod?.terminated?.message], ['Succeeded', 0, 'done']);
  assert.match(readFileSync(join(local.folderOf('claim'), 'out'), 'utf8'), /^\d+$/);
});

test('a process that does not end when it is told to is killed when its time is over', async (t) => {
  const local = startTestCluster(t);
  local.objects.create(types.job, job("process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"));
  await untilRunning(local);
  await wait(300);
  local.objects.delete(types.job, 'n/job');
  for (let i = 0; local.objects.get(types.job, 'n/job') !== undefined; i++) {
    assert.ok(i < 100, 'Job and pod go');
    await wait(50);
  }
});

test('pods wait when all places are taken', async (t) => {
  const local = startTestCluster(t, 1);
  local.objects.create(
    types.job,
    job('setTimeout(() => {}, 300)', { completionMode: 'Indexed', completions: 3, parallelism: 3 }),
  );
  await untilRunning(local);
  assert.equal(podsOf(local).filter(({ phase }) => phase === 'Running').length, 1);
  assert.equal((await untilFinished(local)).finished, 'Complete');
});
