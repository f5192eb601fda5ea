import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import {
  apply,
  children,
  dump,
  getRun,
  installChart,
  kubectl,
  kubectlJson,
  prepareNamespace,
  smallRun,
  until,
  untilPhase,
} from './cluster.ts';
import { endKueue, requireKueue } from './platform.ts';
import { isRunning, trainPods, untilTraining, watchPods } from './trainers.ts';

const namespace = 'ddr-e2e-kueue';
const queue = 'ddr-e2e';
const skip = requireKueue();

const kueue = (kind: string, name: string, body: object, inNamespace?: string) => ({
  apiVersion: 'kueue.x-k8s.io/v1beta2',
  kind,
  metadata: { name, ...(inNamespace && { namespace: inNamespace }) },
  ...body,
});

/** A queue with two GPUs, in which the higher priority takes the place of the lower. */
const objects = [
  kueue('ResourceFlavor', queue, {}),
  kueue('WorkloadPriorityClass', `${queue}-high`, { value: 1000, description: 'goes first' }),
  kueue('ClusterQueue', queue, {
    spec: {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
      preemption: { withinClusterQueue: 'LowerPriority' },
      resourceGroups: [
        {
          coveredResources: ['cpu', 'memory', 'nvidia.com/gpu'],
          flavors: [
            {
              name: queue,
              resources: [
                { name: 'cpu', nominalQuota: 64 },
                { name: 'memory', nominalQuota: '512Gi' },
                { name: 'nvidia.com/gpu', nominalQuota: 2 },
              ],
            },
          ],
        },
      ],
    },
  }),
  kueue('LocalQueue', 'gpus', { spec: { clusterQueue: queue } }, namespace),
];

interface ClusterQueue {
  status?: { flavorsReservation?: { resources: { name: string; total: string }[] }[] };
}

/** GPUs that Kueue counts as taken. */
async function reservedGpus(): Promise<number> {
  const { status } = await kubectlJson<ClusterQueue>('get', 'clusterqueue', queue);
  const resources = (status?.flavorsReservation ?? []).flatMap(({ resources }) => resources);
  return Number(resources.find(({ name }) => name === 'nvidia.com/gpu')?.total ?? 0);
}

const untilReserved = (gpus: number) =>
  until(`${gpus} GPUs are reserved`, 90, async () => (await reservedGpus()) === gpus);

const setSpec = (name: string, spec: object) =>
  kubectl('patch', 'ddr', '-n', namespace, name, '--type=merge', '-p', JSON.stringify({ spec }));

const queued = (name: string, states: number, images: number, execution: object = {}) =>
  smallRun(name, {
    schedule: { states },
    training: { images, batchSize: 32, threads: 1, seed: 3 },
    execution: {
      queueName: 'gpus',
      resources: { requests: { cpu: '100m', memory: '512Mi' }, limits: { 'nvidia.com/gpu': '1' } },
      ...execution,
    },
  });

test('runs under a quota of Kueue', { skip }, async (t) => {
  before(async () => {
    await installChart();
    await prepareNamespace(namespace);
    for (const object of objects) await apply(namespace, object);
  });
  after(async () => {
    await kubectl('delete', 'ddr', '--all', '-n', namespace).catch(() => {});
    await kubectl('delete', 'clusterqueue', queue, '--wait=false');
    await kubectl('delete', 'namespace', namespace, '--wait=false');
    await kubectl('delete', 'workloadpriorityclass', `${queue}-high`);
    await kubectl('wait', '--for=delete', `clusterqueue/${queue}`, `namespace/${namespace}`, '--timeout=120s');
    await endKueue();
  });
  afterEach(async (context) => {
    if ('passed' in context && context.passed === false) await dump(namespace, context.name);
  });

  await t.test('six models train two by two in a quota of 2 GPUs; suspending gives them back', async (t) => {
    const history = watchPods(t, namespace, 'six');
    await apply(namespace, queued('six', 6, 640));
    await untilTraining(namespace, 'six');
    assert.equal(await reservedGpus(), 2);
    await setSpec('six', { suspend: true });
    await untilPhase(namespace, 'six', 'Suspended', 60);
    await untilReserved(0);
    await setSpec('six', { suspend: false });
    const { status } = await untilPhase(namespace, 'six', 'Complete', 400);
    assert.equal(status?.models?.done, 6);
    assert.equal(status?.models?.retries, 0);
    assert.equal(history().most, 2);
    await untilReserved(0);
  });

  await t.test('a run of higher priority takes the GPUs; the other saves, comes back and spends no retry', async () => {
    await apply(namespace, queued('low', 2, 4800));
    await untilTraining(namespace, 'low', 640);
    const victims = (await trainPods(namespace, 'low')).filter(isRunning).map(({ metadata }) => metadata.uid);
    const jobTemplate = { metadata: { labels: { 'kueue.x-k8s.io/priority-class': `${queue}-high` } } };
    await apply(namespace, queued('high', 2, 320, { jobTemplate }));
    await untilPhase(namespace, 'high', 'Complete', 300);
    const { status } = await untilPhase(namespace, 'low', 'Complete', 400);
    assert.equal(status?.models?.retries, 0, 'a preemption is no failure');
    const pods = await trainPods(namespace, 'low');
    const back = pods.filter(({ metadata }) => !victims.includes(metadata.uid));
    assert.ok(back.length > 0, 'no pod gave way');
    const logs = await Promise.all(back.map(({ metadata }) => kubectl('logs', '-n', namespace, metadata.name)));
    for (const log of logs) assert.match(log, /"images":\d+,"msg":"resumed"/);
  });

  await t.test('a run that is cancelled gives its quota back', async () => {
    await apply(namespace, queued('cancelled', 2, 4800));
    await untilTraining(namespace, 'cancelled');
    await setSpec('cancelled', { cancel: true });
    await untilPhase(namespace, 'cancelled', 'Cancelled', 60);
    await untilReserved(0);
    const running = (await children(namespace, 'cancelled', 'pods')).filter(isRunning);
    assert.deepEqual(running, []);
    assert.equal((await getRun(namespace, 'cancelled')).status?.models?.failed, 0);
  });
});
