import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { ExitCode } from '../../src/api/exitCodes.ts';
import { isFinished, type JobStatus, viewJob, viewPod } from '../../src/local/jobObjects.ts';
import { decide } from '../../src/local/jobPolicy.ts';
import { ApiClient } from '../../src/operator/kube/apiClient.ts';
import type { KubeObject } from '../../src/operator/kube/client.ts';
import { systemClock } from '../../src/operator/kube/clock.ts';
import { types } from '../../src/operator/types.ts';
import { kubectl, skip } from './cluster.ts';

// What the cluster's Job controller makes of a Job, next to what src/local decides for the same pods.

const namespace = 'ddr-job-policy';
/** Any image with a shell. */
const image = process.env.DDR_TRAINER_IMAGE ?? 'debian:bookworm-slim';

/** As the operator's Jobs have it. */
const onExitCodes = (...values: number[]) => ({ containerName: 'trainer', operator: 'In', values });
const rules = [
  { action: 'FailJob', onExitCodes: onExitCodes(ExitCode.BadInput, ExitCode.BadConfiguration) },
  { action: 'Ignore', onExitCodes: onExitCodes(ExitCode.Interrupted, ExitCode.Fenced) },
  { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
];

function job(name: string, script: string, spec: object = {}): KubeObject {
  const container = { name: 'trainer', image, imagePullPolicy: 'IfNotPresent', command: ['sh', '-c', script] };
  const template = {
    metadata: { labels: { 'job-policy': name } },
    spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 5, containers: [container] },
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace, name },
    spec: { backoffLimit: 0, podReplacementPolicy: 'Failed', podFailurePolicy: { rules }, template, ...spec },
  };
}

/** Every version of the pods of a namespace, as they were seen. */
class Recorder {
  readonly #seen = new Map<string, KubeObject>();
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  start(api: ApiClient): void {
    this.#running = this.#run(api).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) throw error;
    });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Pods of a Job in their order, as they were last seen; one that was deleted while it ran has ended. */
  podsOf(name: string): KubeObject[] {
    return [...this.#seen.values()]
      .filter(({ metadata }) => metadata.labels?.['job-policy'] === name)
      .sort((a, b) => createdAt(a) - createdAt(b));
  }

  async #run(api: ApiClient): Promise<void> {
    const { signal } = this.#stop;
    let { resourceVersion } = await api.list(types.pod, { namespace, signal });
    while (!signal.aborted) {
      for await (const event of api.watch(types.pod, { namespace, resourceVersion, timeoutSeconds: 300, signal })) {
        if (event.type === 'BOOKMARK') continue;
        resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion;
        this.#seen.set(event.object.metadata.uid ?? '', event.object);
      }
    }
  }
}

const createdAt = ({ metadata }: KubeObject): number => Date.parse(metadata.creationTimestamp ?? '');
const endedAt = (pod: KubeObject): number | undefined => viewPod(pod).ended?.at;

/** A pod as it was at a moment: what has ended later still ran. */
function asOf(pod: KubeObject, time: number): KubeObject {
  if ((endedAt(pod) ?? 0) <= time) return pod;
  const { deletionTimestamp: _, ...metadata } = pod.metadata;
  return { ...pod, metadata, status: { phase: 'Running' } };
}

/** The status that src/local comes to when it sees the same pods in the same order. */
function replay(object: KubeObject, pods: readonly KubeObject[], deadline?: number): JobStatus {
  let status: JobStatus = viewJob({ ...object, status: {} }).status;
  const start = Math.min(...pods.map(createdAt));
  const ends = pods.flatMap((pod) => endedAt(pod) ?? []);
  const times = [start, ...ends, ...(deadline === undefined ? [] : [start + deadline * 1000])].sort((a, b) => a - b);
  for (const time of [...times, ...times.slice(-1)]) {
    const now = pods.filter((pod) => createdAt(pod) <= time).map((pod) => viewPod(asOf(pod, time)));
    const view = viewJob({ ...object, status });
    if (!isFinished(view)) status = decide(view, now, time).status;
  }
  return status;
}

const judged = ({ succeeded, failed, conditions }: JobStatus) => ({
  succeeded,
  failed,
  conditions: conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`).sort(),
});

const indexed = { completionMode: 'Indexed', completions: 3, parallelism: 3 };
/** A command that exits with a code for some seconds after the test's start, and then with 0. */
const untilLater = (code: number) => `[ $(date +%s) -lt ${Math.ceil(Date.now() / 1000) + 15} ] && exit ${code}; exit 0`;

const cases: { name: string; title: string; object: KubeObject; deadline?: number }[] = [
  { name: 'success', title: 'exit 0', object: job('success', 'exit 0') },
  { name: 'failure', title: 'exit 1', object: job('failure', 'exit 1') },
  { name: 'again', title: 'exit 1, and once more', object: job('again', 'exit 1', { backoffLimit: 1 }) },
  { name: 'bad-input', title: 'exit 65, bad input', object: job('bad-input', 'exit 65', { backoffLimit: 3 }) },
  { name: 'interrupted', title: 'exit 75, then 0', object: job('interrupted', untilLater(75)) },
  { name: 'fenced', title: 'exit 76, then 0', object: job('fenced', untilLater(76)) },
  { name: 'indexed', title: 'an Indexed Job that succeeds', object: job('indexed', 'exit 0', indexed) },
  {
    name: 'one-index',
    title: 'an Indexed Job of which one index fails while others run',
    object: job('one-index', '[ $JOB_COMPLETION_INDEX = 1 ] && sleep 4 && exit 1; sleep 60', indexed),
  },
  {
    name: 'deadline',
    title: 'a Job that takes too long',
    object: job('deadline', 'sleep 60', { activeDeadlineSeconds: 4 }),
    deadline: 4,
  },
];

const recorder = new Recorder();
let api: ApiClient;

before(async () => {
  if (skip) return;
  api = ApiClient.fromEnvironment(systemClock, {});
  await kubectl('delete', 'namespace', namespace, '--ignore-not-found', '--wait');
  await kubectl('create', 'namespace', namespace);
  recorder.start(api);
  for (const { object } of cases) await api.create(types.job, object);
});

after(async () => {
  if (skip) return;
  await recorder.stop();
  await kubectl('delete', 'namespace', namespace, '--wait=false');
  await api.close();
});

async function untilJob(name: string, holds: (job: KubeObject) => boolean): Promise<KubeObject> {
  for (let i = 0; i < 240; i++) {
    const found = await api.get(types.job, namespace, name);
    if (found !== undefined && holds(found)) return found;
    await wait(500);
  }
  throw new Error(`Job ${name} did not come so far`);
}

for (const { name, title, object, deadline } of cases) {
  test(`${title}: both controllers come to the same status`, { skip }, async () => {
    const finished = await untilJob(name, (found) => isFinished(viewJob(found)));
    assert.deepEqual(judged(replay(object, recorder.podsOf(name), deadline)), judged(viewJob(finished).status));
  });
}

test('a suspended Job counts no pod that was ended for it, and says when it goes on', { skip }, async () => {
  const script = 'trap "exit 75" TERM; sleep 60 & wait';
  const object = await api.create(types.job, job('suspended', script));
  const setSuspend = (suspend: boolean) =>
    kubectl('patch', 'job', 'suspended', '-n', namespace, '--type=merge', '-p', JSON.stringify({ spec: { suspend } }));
  await untilJob('suspended', ({ status }) => (status as { ready?: number } | undefined)?.ready === 1);
  await setSuspend(true);
  const suspended = await untilJob('suspended', (found) => {
    const { active, terminating, conditions } = viewJob(found).status;
    return active + terminating === 0 && conditions.length > 0;
  });
  const decided = decide(viewJob({ ...object, spec: { ...(object.spec as object), suspend: true } }), [], 0);
  assert.deepEqual(judged(viewJob(suspended).status), judged(decided.status));
  await setSuspend(false);
  const resumed = await untilJob('suspended', ({ status }) => (status as { active?: number }).active === 1);
  const goesOn = decide(viewJob({ ...object, status: decided.status }), [], 0);
  assert.deepEqual(judged(viewJob(resumed).status), judged(goesOn.status));
});
