import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { types } from '../../../src/operator/types.ts';
import { job, podsOf, startTestCluster, untilFinished, untilRunning } from '../../helpers/localJobs.ts';

test('a failing process is tried again as often as backoffLimit says; its log stands in for a termination message', async (t) => {
  const local = startTestCluster(t);
  local.objects.create(types.job, job("console.log('out of luck'); process.exit(3)"));
  const end = await untilFinished(local);
  assert.deepEqual([end.finished, end.reason, end.failed], ['Failed', 'BackoffLimitExceeded', 2]);
  assert.deepEqual(
    podsOf(local).map(({ terminated }) => [terminated?.exitCode, terminated?.message]),
    [
      [3, 'out of luck\n'],
      [3, 'out of luck\n'],
    ],
  );
});

test('bad input fails the Job at once; an interruption is not counted', async (t) => {
  const local = startTestCluster(t);
  writeFileSync(join(local.folderOf('claim'), 'codes'), '75 75 75 65');
  const script =
    "const f = process.env.DIR + '/codes'; const [code, ...rest] = fs.readFileSync(f, 'utf8').split(' '); fs.writeFileSync(f, rest.join(' ')); process.exit(Number(code))";
  local.objects.create(types.job, job(script, { backoffLimit: 0 }));
  const end = await untilFinished(local);
  assert.deepEqual([end.finished, end.reason, end.failed], ['Failed', 'PodFailurePolicy', 1]);
  assert.equal(podsOf(local).length, 4);
});

test('an Indexed Job gives every pod its index, so many at once as parallelism says', async (t) => {
  const local = startTestCluster(t);
  const script = "fs.writeFileSync(process.env.DIR + '/' + process.env.JOB_COMPLETION_INDEX, '')";
  local.objects.create(types.job, job(script, { completionMode: 'Indexed', completions: 3, parallelism: 2 }));
  assert.equal((await untilFinished(local)).finished, 'Complete');
  for (const index of ['0', '1', '2']) readFileSync(join(local.folderOf('claim'), index));
  assert.equal(podsOf(local).length, 3);
});

test('suspending lets the process save and end; resuming starts another', async (t) => {
  const local = startTestCluster(t);
  const script =
    "const f = process.env.DIR + '/saved'; if (fs.existsSync(f)) process.exit(0); process.on('SIGTERM', () => { fs.writeFileSync(f, ''); process.exit(75); }); setInterval(() => {}, 1000)";
  local.objects.create(types.job, job(script, { backoffLimit: 0 }));
  await untilRunning(local);
  await wait(300); // until it listens to signals
  const setSuspend = (suspend: boolean) =>
    local.objects.apply(
      types.job,
      { apiVersion: 'batch/v1', kind: 'Job', metadata: { namespace: 'n', name: 'job' }, spec: { suspend } },
      'me',
    );
  setSuspend(true);
  for (let i = 0; podsOf(local).length > 0; i++) {
    assert.ok(i < 100, 'the pod goes');
    await wait(50);
  }
  setSuspend(false);
  assert.equal((await untilFinished(local)).finished, 'Complete');
});

test('a Job that takes too long fails, and its process with it', async (t) => {
  const local = startTestCluster(t);
  local.objects.create(types.job, job('setInterval(() => {}, 1000)', { activeDeadlineSeconds: 1 }));
  const end = await untilFinished(local);
  assert.deepEqual([end.reason, end.failed], ['DeadlineExceeded', 1]);
});

test('a Job that fails while pods still wait for a place fails without them', async (t) => {
  const local = startTestCluster(t, 1);
  const indexed = { completionMode: 'Indexed', completions: 3, parallelism: 3, activeDeadlineSeconds: 1 };
  local.objects.create(types.job, job('setInterval(() => {}, 1000)', indexed));
  assert.deepEqual([(await untilFinished(local)).failed, podsOf(local)], [1, []]);
});
