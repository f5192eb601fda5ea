// What a watch event costs the operator, whatever S: the run controller over the cluster in memory, without a server beside it.
//   node bench/operator/events.ts [S] [models that end a second]
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { labels } from '../../src/api/names.ts';
import type { RunStatus } from '../../src/api/status.ts';
import { renderTermination, type TaskResult } from '../../src/api/termination.ts';
import { MemoryClient } from '../../src/local/memoryClient.ts';
import { Objects } from '../../src/local/objects.ts';
import type { KubeObject } from '../../src/operator/kube/client.ts';
import { systemClock } from '../../src/operator/kube/clock.ts';
import { createRunController } from '../../src/operator/runController.ts';
import { types } from '../../src/operator/types.ts';
import { isTrained, simulatedRun } from './simulated.ts';

const [states = 1000, perSecond = 100] = process.argv.slice(2).map(Number);
const namespace = 'default';
const objects = new Objects(() => systemClock.now());
const client = new MemoryClient(objects, systemClock);
let [events, looks, looking] = [0, 0, 0];
let longest = 0;
for (const type of [types.job, types.pod, types.run]) objects.subscribe(type, () => events++);

const controller = createRunController({
  client,
  clock: systemClock,
  random: Math.random,
  logger: { debug() {}, info() {}, warn: console.error, error: console.error },
  settings: { trainerImage: 'simulated' },
  metrics: {
    reconciled(_result, seconds) {
      looks++;
      looking += seconds;
      longest = Math.max(longest, seconds);
    },
    active() {},
    waited() {},
    missed() {},
  },
  workers: 8,
  instance: 'bench',
});

const sha256 = createHash('sha256').update('simulated').digest('hex');
const prepared: TaskResult = {
  kind: 'prepare',
  dataset: sha256.slice(0, 16),
  sha256,
  count: 1000,
  leftOut: 0,
  broken: 0,
  notices: [],
};

/** What Kubernetes does with a Job, in five events: its pod is made, waits, runs and succeeds; then the Job is complete. */
async function runJob({ metadata, spec }: KubeObject): Promise<void> {
  const { name, uid = '' } = metadata;
  const { template } = spec as { template: { metadata: { labels: object }; spec: object } };
  const pod = `${name}-pod`;
  objects.create(types.pod, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: pod,
      namespace,
      labels: { ...(template.metadata.labels as Record<string, string>), 'batch.kubernetes.io/job-name': name },
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true }],
    },
    spec: template.spec,
    status: { phase: 'Pending' },
  });
  const change = (type: typeof types.pod | typeof types.job, own: string, status: object) => {
    const known = objects.get(type, `${namespace}/${own}`);
    if (known !== undefined) objects.replace(type, { ...known, status });
  };
  const result: TaskResult =
    metadata.labels?.[labels.component] === 'prepare' ? prepared : { kind: 'train', digest: name, images: 1, loss: 0 };
  const message = renderTermination({ outcome: 'Succeeded', result });
  change(types.pod, pod, { phase: 'Pending', containerStatuses: [] });
  await wait(20);
  change(types.pod, pod, { phase: 'Running' });
  await wait(20);
  const container = { name: 'trainer', state: { terminated: { exitCode: 0, message } } };
  change(types.pod, pod, { phase: 'Succeeded', containerStatuses: [container] });
  const condition = { type: 'Complete', status: 'True', lastTransitionTime: new Date().toISOString() };
  change(types.job, name, { succeeded: 1, conditions: [condition] });
}

const statusOf = () => objects.get(types.run, `${namespace}/run-0`)?.status as RunStatus | undefined;
const waiting: KubeObject[] = [];
objects.subscribe(types.job, ({ type, object }) => {
  if (type === 'ADDED') waiting.push(object);
});

const started = performance.now();
const before = process.cpuUsage();
controller.watch();
controller.start();
objects.create(types.run, { ...simulatedRun('run-0', namespace, states), status: undefined } as unknown as KubeObject);
while (!isTrained(statusOf() ?? {})) {
  for (const job of waiting.splice(0, Math.max(1, perSecond / 20))) void runJob(job);
  await wait(50);
}
const { user, system } = process.cpuUsage(before);
console.log(
  JSON.stringify({
    states,
    events,
    looks,
    seconds: (performance.now() - started) / 1000,
    'seconds in looks': looking,
    'CPU ms per event': (user + system) / 1000 / events,
    'longest look, s': longest,
    'heap MB': process.memoryUsage().heapUsed / 2 ** 20,
    'resident MB': process.memoryUsage().rss / 2 ** 20,
  }),
);
await controller.stop();
process.exit(0);
