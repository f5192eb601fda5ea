import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { type LocalCluster, startLocalCluster } from '../../../src/local/localCluster.ts';
import { systemClock } from '../../../src/operator/kube/clock.ts';
import type { KubeObject } from '../../../src/operator/kube/cluster.ts';
import { observeJob, observePod } from '../../../src/operator/plan/observed.ts';
import { types } from '../../../src/operator/types.ts';
import { silent } from '../../helpers/manualClock.ts';

/** A cluster whose image runs a line of JavaScript, the Job's only argument. */
function start(t: TestContext, capacity = 4): LocalCluster {
  const home = mkdtempSync(join(tmpdir(), 'ddr-local-'));
  const local = startLocalCluster({
    clock: systemClock,
    random: () => 0,
    logger: silent,
    home,
    volumes: new Map(),
    commandOf: () => [process.execPath, '-e'],
    capacity,
  });
  t.after(async () => {
    await local.stop();
    rmSync(home, { recursive: true, force: true });
  });
  return local;
}

function job(script: string, spec: object = {}, container: object = {}): KubeObject {
  const rules = [
    { action: 'FailJob', onExitCodes: { operator: 'In', values: [65] } },
    { action: 'Ignore', onExitCodes: { operator: 'In', values: [75] } },
  ];
  const containers = [
    {
      name: 'trainer',
      image: 'any',
      args: [script],
      volumeMounts: [{ name: 'run', mountPath: '/volumes/run' }],
      ...container,
    },
  ];
  const template = {
    metadata: { labels: { app: 'x' } },
    spec: {
      terminationGracePeriodSeconds: 2,
      containers,
      volumes: [{ name: 'run', persistentVolumeClaim: { claimName: 'claim' } }],
    },
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace: 'n', name: 'job' },
    spec: { backoffLimit: 1, podFailurePolicy: { rules }, template, ...spec },
  };
}

async function untilFinished({ objects }: LocalCluster) {
  for (let i = 0; i < 200; i++) {
    const found = objects.get(types.job, 'n/job');
    if (found !== undefined && observeJob(found).finished !== undefined) return observeJob(found);
    await wait(50);
  }
  throw new Error('the Job did not end');
}

const podsOf = ({ objects }: LocalCluster) => objects.list(types.pod).map(observePod);

async function untilRunning(local: LocalCluster, count = 1) {
  for (let i = 0; i < 100; i++) {
    const running = podsOf(local).filter(({ phase }) => phase === 'Running');
    if (running.length >= count) return running;
    await wait(50);
  }
  throw new Error('no pod runs');
}

test('a process has the volume’s folder for the mount path, a port, and a last word', async (t) => {
  const local = start(t);
  const script =
    "fs.writeFileSync(process.env.DIR + '/out', process.env.DDR_HTTP_PORT); fs.writeFileSync(process.env.DDR_TERMINATION_LOG, 'done')";
  local.objects.create(types.job, job(script, {}, { env: [{ name: 'DIR', value: '/volumes/run' }] }));
  assert.equal((await untilFinished(local)).finished, 'Complete');
  const [pod] = podsOf(local);
  assert.deepEqual([pod?.phase, pod?.terminated?.exitCode, pod?.terminated?.message], ['Succeeded', 0, 'done']);
  assert.match(readFileSync(join(local.folderOf('claim'), 'out'), 'utf8'), /^\d+$/);
});

test('a failing process is tried again as often as backoffLimit says; its log stands in for a last word', async (t) => {
  const local = start(t);
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
  const local = start(t);
  writeFileSync(join(local.folderOf('claim'), 'codes'), '75 75 75 65');
  const script =
    "const f = process.env.DIR + '/codes'; const [code, ...rest] = fs.readFileSync(f, 'utf8').split(' '); fs.writeFileSync(f, rest.join(' ')); process.exit(Number(code))";
  local.objects.create(types.job, job(script, { backoffLimit: 0 }, { env: [{ name: 'DIR', value: '/volumes/run' }] }));
  const end = await untilFinished(local);
  assert.deepEqual([end.finished, end.reason, end.failed], ['Failed', 'PodFailurePolicy', 1]);
  assert.equal(podsOf(local).length, 4);
});

test('an Indexed Job gives every pod its index, so many at once as parallelism says', async (t) => {
  const local = start(t);
  const script = "fs.writeFileSync(process.env.DIR + '/' + process.env.JOB_COMPLETION_INDEX, '')";
  local.objects.create(
    types.job,
    job(
      script,
      { completionMode: 'Indexed', completions: 3, parallelism: 2 },
      { env: [{ name: 'DIR', value: '/volumes/run' }] },
    ),
  );
  assert.equal((await untilFinished(local)).finished, 'Complete');
  for (const index of ['0', '1', '2']) readFileSync(join(local.folderOf('claim'), index));
  assert.equal(podsOf(local).length, 3);
});

test('suspending lets the process save and end; resuming starts another', async (t) => {
  const local = start(t);
  const script =
    "const f = process.env.DIR + '/saved'; if (fs.existsSync(f)) process.exit(0); process.on('SIGTERM', () => { fs.writeFileSync(f, ''); process.exit(75); }); setInterval(() => {}, 1000)";
  local.objects.create(types.job, job(script, { backoffLimit: 0 }, { env: [{ name: 'DIR', value: '/volumes/run' }] }));
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

test('a process that does not end when it is told to is killed when its time is over', async (t) => {
  const local = start(t);
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
  const local = start(t, 1);
  local.objects.create(
    types.job,
    job('setTimeout(() => {}, 300)', { completionMode: 'Indexed', completions: 3, parallelism: 3 }),
  );
  await untilRunning(local);
  assert.equal(podsOf(local).filter(({ phase }) => phase === 'Running').length, 1);
  assert.equal((await untilFinished(local)).finished, 'Complete');
});

test('a Job that takes too long fails, and its process with it', async (t) => {
  const local = start(t);
  local.objects.create(types.job, job('setInterval(() => {}, 1000)', { activeDeadlineSeconds: 1 }));
  assert.equal((await untilFinished(local)).reason, 'DeadlineExceeded');
});
