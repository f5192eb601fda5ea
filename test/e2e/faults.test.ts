import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import {
  apply,
  children,
  dump,
  getRun,
  installChart,
  kubectl,
  leaseHolder,
  modelDigests,
  prepareNamespace,
  skip,
  smallRun,
  systemNamespace,
  until,
  untilPhase,
} from './cluster.ts';
import { trainPods, untilTraining, watchPods } from './trainers.ts';

const namespace = 'ddr-e2e-faults';

/** Training long enough to be caught in the middle. */
const longer = { images: 3200, batchSize: 32, threads: 1, seed: 3 };

test('what goes wrong on a cluster', { skip }, async (t) => {
  before(async () => {
    await installChart();
    await prepareNamespace(namespace);
    await apply(namespace, smallRun('undisturbed', { training: longer }));
    await untilPhase(namespace, 'undisturbed', 'Complete', 400);
  });
  after(async () => {
    await kubectl('delete', 'namespace', namespace, '--wait=false');
  });
  afterEach(async (context) => {
    if ('passed' in context && context.passed === false) await dump(namespace, context.name);
  });

  await t.test('a deleted trainer pod restarts alone and ends with the same digest', async () => {
    await apply(namespace, smallRun('deleted', { training: longer }));
    const victim = await untilTraining(namespace, 'deleted', 640);
    const others = (await trainPods(namespace, 'deleted')).filter(
      ({ metadata }) => metadata.uid !== victim.metadata.uid && metadata.deletionTimestamp === undefined,
    );
    await kubectl('delete', 'pod', '-n', namespace, victim.metadata.name, '--wait=false');
    const model = victim.metadata.labels?.['tspace.dev/model'];
    const successor = await until('the successor', 120, async () =>
      (await trainPods(namespace, 'deleted')).find(
        (pod) => pod.metadata.labels?.['tspace.dev/model'] === model && pod.metadata.uid !== victim.metadata.uid,
      ),
    );
    const log = await until('it resumes', 60, async () => {
      const text = await kubectl('logs', '-n', namespace, successor.metadata.name).catch(() => '');
      return text.includes('"resumed"') ? text : undefined;
    });
    assert.match(log, /"images":\d+,"msg":"resumed"/);
    await untilPhase(namespace, 'deleted', 'Complete', 400);
    const uids = new Set((await trainPods(namespace, 'deleted')).map(({ metadata }) => metadata.uid));
    for (const other of others) assert.ok(uids.has(other.metadata.uid), `${other.metadata.name} was disturbed`);
    assert.deepEqual(await modelDigests(namespace, 'deleted'), await modelDigests(namespace, 'undisturbed'));
    const { status } = await getRun(namespace, 'deleted');
    assert.equal(status?.models?.retries, 0, 'a deleted pod is no failure');
  });

  await t.test('the leading operator is deleted: the other takes over, nothing is made twice', async (t) => {
    await apply(namespace, smallRun('takeover', { training: longer }));
    await untilTraining(namespace, 'takeover');
    const history = watchPods(t, namespace, 'takeover');
    const leader = await leaseHolder();
    await kubectl('delete', 'pod', '-n', systemNamespace, leader, '--grace-period=0', '--force', '--wait=false');
    await until('another leads', 60, async () => !['', leader].includes(await leaseHolder()));
    await untilPhase(namespace, 'takeover', 'Complete', 400);
    const { seen, most } = history();
    const jobs = await children(namespace, 'takeover', 'jobs');
    assert.equal(jobs.length, 7, 'dataset, three models, bundle, samples, report');
    assert.equal(seen.length, 3, `one pod per model, not ${seen}`);
    assert.ok(most <= 2);
    assert.deepEqual(await modelDigests(namespace, 'takeover'), await modelDigests(namespace, 'undisturbed'));
  });

  await t.test('suspend frees all pods, resume goes on, maxParallel is never exceeded', async (t) => {
    const history = watchPods(t, namespace, 'paused');
    await apply(
      namespace,
      smallRun('paused', {
        training: longer,
        execution: { ...(smallRun('x') as { spec: { execution: object } }).spec.execution, maxParallel: 2 },
      }),
    );
    await untilTraining(namespace, 'paused', 640);
    await kubectl('patch', 'ddr', '-n', namespace, 'paused', '--type=merge', '-p', '{"spec":{"suspend":true}}');
    await untilPhase(namespace, 'paused', 'Suspended', 30);
    await until(
      'no pod runs',
      90,
      async () => !(await children(namespace, 'paused', 'pods')).some(({ status }) => status?.phase === 'Running'),
    );
    const { status } = await getRun(namespace, 'paused');
    assert.equal(status?.conditions?.find(({ type }) => type === 'Suspended')?.status, 'True');
    await kubectl('patch', 'ddr', '-n', namespace, 'paused', '--type=merge', '-p', '{"spec":{"suspend":false}}');
    await untilPhase(namespace, 'paused', 'Complete', 400);
    const { most } = history();
    assert.equal(most, 2);
    assert.deepEqual(await modelDigests(namespace, 'paused'), await modelDigests(namespace, 'undisturbed'));
  });

  await t.test('changing one override retrains that model only', async () => {
    await apply(namespace, smallRun('changed', { overrides: [{ states: '1', training: { images: 640 } }] }));
    await untilPhase(namespace, 'changed', 'Complete', 300);
    const before = await children(namespace, 'changed', 'jobs');
    const digests = await modelDigests(namespace, 'changed');
    await apply(namespace, smallRun('changed', { overrides: [{ states: '1', training: { images: 1280 } }] }));
    await untilPhase(namespace, 'changed', 'Complete', 300);
    const jobs = (await children(namespace, 'changed', 'jobs')).filter(
      ({ metadata }) => metadata.labels?.['tspace.dev/component'] === 'train',
    );
    const kept = jobs
      .filter(({ metadata }) => before.some((job) => job.metadata.uid === metadata.uid))
      .map(({ metadata }) => metadata.labels?.['tspace.dev/model']);
    assert.deepEqual(kept.sort(), ['0', '2']);
    assert.equal(jobs.length, 3);
    const now = await modelDigests(namespace, 'changed');
    assert.deepEqual([now[0] === digests[0], now[1] === digests[1], now[2] === digests[2]], [true, false, true]);
  });

  await t.test('changing sampling samples anew and trains nothing', async () => {
    const before = await children(namespace, 'changed', 'jobs');
    await kubectl(
      'patch',
      'ddr',
      '-n',
      namespace,
      'changed',
      '--type=merge',
      '-p',
      '{"spec":{"sampling":{"seed":99}}}',
    );
    await untilPhase(namespace, 'changed', 'Complete', 200);
    const after = await children(namespace, 'changed', 'jobs');
    const fresh = after
      .filter(({ metadata }) => !before.some((job) => job.metadata.uid === metadata.uid))
      .map(({ metadata }) => metadata.labels?.['tspace.dev/component']);
    assert.deepEqual(fresh.sort(), ['evaluate', 'sample']);
  });

  await t.test('a model whose pods always fail ends the run in Failed, with its reason, after the others', async () => {
    const failing = {
      spec: { containers: [{ name: 'trainer', command: ['sh', '-c', 'echo the disk is on fire; exit 3'] }] },
    };
    await apply(
      namespace,
      smallRun('failing', {
        overrides: [{ states: '1', podTemplate: failing }],
        execution: { maxParallel: 2, retries: { perModel: 1 }, resources: { requests: { cpu: '100m' } } },
      }),
    );
    const { status } = await untilPhase(namespace, 'failing', 'Failed', 200);
    assert.equal(status?.models?.done, 2);
    assert.equal(status?.models?.failed, 1);
    const [failure] = status?.failures ?? [];
    assert.equal(failure?.states, '1');
    assert.equal(failure?.reason, 'BackoffLimitExceeded');
    assert.match(failure?.log?.join('\n') ?? '', /the disk is on fire/);
    assert.match(await kubectl('describe', 'ddr', '-n', namespace, 'failing'), /Warning\s+Failed/);
  });

  await t.test('bad data is refused at once, without retries', async () => {
    await apply(
      namespace,
      smallRun('foreign', {
        dataset: {
          source: { volume: { claimName: 'mnist-data', path: 'mnist/train-labels-idx1-ubyte' } },
          format: 'Idx',
          image: { size: 28, channels: 1 },
        },
      }),
    );
    const { status } = await untilPhase(namespace, 'foreign', 'Failed', 120);
    assert.equal(status?.failures?.[0]?.reason, 'InputForeign');
    assert.match(status?.failures?.[0]?.message ?? '', /train-labels-idx1-ubyte/);
    const pods = (await children(namespace, 'foreign', 'pods')).map(({ metadata }) => metadata.labels);
    assert.deepEqual(
      pods.map((labels) => labels?.['tspace.dev/component']),
      ['prepare'],
      'one pod, and none that would hold a GPU',
    );
  });

  await t.test(
    'a run of which no pod can start is Blocked with the reason, and goes on when it is corrected',
    async () => {
      const gpus = (count: string) => ({ maxParallel: 2, resources: { limits: { 'nvidia.com/gpu': count } } });
      await apply(namespace, smallRun('blocked', { execution: gpus('999') }));
      await until('it is blocked', 120, async () => (await getRun(namespace, 'blocked')).status?.phase === 'Blocked');
      const { status } = await getRun(namespace, 'blocked');
      const ready = status?.conditions?.find(({ type }) => type === 'Ready');
      assert.deepEqual([ready?.status, ready?.reason], ['False', 'Unschedulable']);
      assert.match(await kubectl('get', 'ddr', '-n', namespace, 'blocked'), /Blocked\s.*\sUnschedulable\s/);
      await apply(namespace, smallRun('blocked', { execution: gpus('1') }));
      await untilPhase(namespace, 'blocked', 'Complete', 300);
    },
  );

  await t.test(
    'deleting the resource leaves no child behind but its claim, which the next run of the name takes up',
    async () => {
      await apply(namespace, smallRun('gone', { training: longer }));
      await untilTraining(namespace, 'gone');
      await kubectl('delete', 'ddr', '-n', namespace, 'gone', '--wait=false');
      await until('all children go', 120, async () => {
        const left = await Promise.all((['jobs', 'pods'] as const).map((kind) => children(namespace, 'gone', kind)));
        return left.flat().length === 0;
      });
      const [kept] = await children(namespace, 'gone', 'pvc');
      assert.ok(kept);
      const shared = { size: '1Gi', whenDeleted: 'Delete' };
      const checkpoints = { volume: { shared }, everyImages: 320 };
      await apply(namespace, smallRun('gone', { training: longer, checkpoints }));
      await untilPhase(namespace, 'gone', 'Complete', 400);
      const [taken] = await children(namespace, 'gone', 'pvc');
      assert.equal(taken?.metadata.uid, kept.metadata.uid);
      assert.deepEqual(await modelDigests(namespace, 'gone'), await modelDigests(namespace, 'undisturbed'));
      await kubectl('delete', 'ddr', '-n', namespace, 'gone', '--wait=false');
      await until('the claim goes too', 120, async () => (await children(namespace, 'gone', 'pvc')).length === 0);
    },
  );
});
