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
  modelDigests,
  type Named,
  onClaim,
  prepareNamespace,
  run,
  skip,
  skipUnlessFull,
  smallRun,
  until,
  untilPhase,
} from './cluster.ts';
import { kit, skipWithoutKit } from './platform.ts';
import { isRunning, trainPods, untilTraining } from './trainers.ts';

const namespace = 'ddr-e2e-disturbed';
const urgent = 'ddr-e2e-urgent';
const claim = 'shaken-checkpoints';

/** One run is disturbed again and again; its models must end as those of a run that nobody disturbed. */
const training = { images: 12_800, batchSize: 32, threads: 1, seed: 3 };
const spec = { training, schedule: { states: 2 } };

const setSuspend = (suspend: boolean) =>
  kubectl('patch', 'ddr', '-n', namespace, 'shaken', '--type=merge', '-p', JSON.stringify({ spec: { suspend } }));
const images = async () => (await getRun(namespace, 'shaken')).status?.progress?.images ?? 0;
const uids = (pods: readonly Named[]) => pods.map(({ metadata }) => metadata.uid);

/** Waits until training pods that are none of the given ones have gone on. */
async function untilItGoesOn(before: readonly Named[]): Promise<void> {
  const done = await images();
  await until('other pods train', 240, async () => {
    const others = (await trainPods(namespace, 'shaken')).filter(isRunning);
    return others.length > 0 && !others.some(({ metadata }) => uids(before).includes(metadata.uid));
  });
  await until('they go on', 120, async () => (await images()) > done);
}

/** A pod that asks for all GPUs but one of the nodes, before everything else. */
const urgentPod = (gpus: number) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: urgent },
  spec: {
    priorityClassName: urgent,
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 0,
    securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'sleep',
        image: process.env.DDR_TRAINER_IMAGE ?? 'ddr/trainer:dev',
        imagePullPolicy: 'IfNotPresent',
        command: ['sleep', '3600'],
        resources: { limits: { 'nvidia.com/gpu': String(gpus) } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
  },
});

test('a run that is disturbed again and again', { skip: skip || skipUnlessFull }, async (t) => {
  before(async () => {
    await installChart();
    await prepareNamespace(namespace);
    await run('kubectl', ['apply', '-f', '-'], {
      input: JSON.stringify({
        apiVersion: 'scheduling.k8s.io/v1',
        kind: 'PriorityClass',
        metadata: { name: urgent },
        value: 1000,
      }),
    });
    await apply(namespace, smallRun('shaken', spec));
    await untilTraining(namespace, 'shaken', 640);
  });
  after(async () => {
    await kubectl('delete', 'namespace', namespace, '--wait=false');
    await kubectl('delete', 'priorityclass', urgent);
  });
  afterEach(async (context) => {
    if ('passed' in context && context.passed === false) await dump(namespace, context.name);
  });

  await t.test('its pods are drained from their node, and go on elsewhere or there', async () => {
    const pods = (await trainPods(namespace, 'shaken')).filter(isRunning);
    const node = (pods[0] as unknown as { spec: { nodeName: string } }).spec.nodeName;
    const selector = '--pod-selector=tspace.dev/run=shaken';
    try {
      await kubectl('drain', node, selector, '--delete-emptydir-data', '--ignore-daemonsets', '--timeout=120s');
    } finally {
      await kubectl('uncordon', node);
    }
    await untilItGoesOn(pods);
  });

  await t.test('its pods are preempted by one of higher priority, and come back when it has gone', async () => {
    const pods = (await trainPods(namespace, 'shaken')).filter(isRunning);
    const { items } = await kubectlJson<{ items: { status: { allocatable: Record<string, string> } }[] }>(
      'get',
      'nodes',
    );
    const gpus = items.map(({ status }) => Number(status.allocatable['nvidia.com/gpu'] ?? 0));
    await apply(namespace, urgentPod(Math.max(...gpus)));
    await until('they give way', 120, async () => {
      const left = (await trainPods(namespace, 'shaken')).filter(isRunning);
      return !left.some(({ metadata }) => uids(pods).includes(metadata.uid));
    });
    await kubectl('delete', 'pod', '-n', namespace, urgent);
    await untilItGoesOn(pods);
  });

  await t.test('a checkpoint is damaged while it is suspended: the one before is used, and said', async () => {
    await setSuspend(true);
    await untilPhase(namespace, 'shaken', 'Suspended', 90);
    await until('no pod is left', 90, async () => !(await trainPods(namespace, 'shaken')).some(isRunning));
    const damaged = await onClaim(
      namespace,
      claim,
      'for model in /run-volume/runs/shaken/models/*; do file=$(ls -d $model/checkpoints/0* | tail -1)/state.safetensors; ' +
        'head -c 1000 /dev/zero | dd of=$file bs=1 seek=5000 conv=notrunc 2>/dev/null && echo $file; done',
    );
    assert.equal(damaged.trim().split('\n').length, 2);
    await setSuspend(false);
    const pods = await until('its pods run', 120, async () => {
      const running = (await trainPods(namespace, 'shaken')).filter(isRunning);
      return running.length === 2 && running;
    });
    for (const { metadata } of pods) {
      await until('it says so', 60, async () => {
        const log = await kubectl('logs', '-n', namespace, metadata.name).catch(() => '');
        return /damaged/.test(log) && /"msg":"resumed"/.test(log);
      });
    }
  });

  await t.test('the API server is away for 30 seconds', { skip: skipWithoutKit }, async () => {
    const before = (await trainPods(namespace, 'shaken')).filter(isRunning);
    await run(kit, ['crash', 'kube-apiserver', '30']);
    await until('the API server is back', 60, () => kubectl('get', '--raw', '/readyz').catch(() => undefined));
    const after = await until('it answers', 60, () => trainPods(namespace, 'shaken').catch(() => undefined));
    for (const uid of uids(before)) assert.ok(uids(after).includes(uid), 'a trainer needs no API server');
  });

  await t.test('its node hangs for two minutes', { skip: skipWithoutKit }, async () => {
    await run(kit, ['freeze', 'kubelet', '120']);
    await until('the node is ready again', 120, async () => {
      const ready = '{.items[*].status.conditions[?(@.type=="Ready")].status}';
      return !/False|Unknown/.test(await kubectl('get', 'nodes', '-o', `jsonpath=${ready}`));
    });
  });

  await t.test('after all that its models are those of a run that nobody disturbed', async () => {
    const { status } = await untilPhase(namespace, 'shaken', 'Complete', 600);
    assert.equal(status?.models?.retries, 0, 'nothing of this was a failure of a model');
    await apply(namespace, smallRun('undisturbed', spec));
    await untilPhase(namespace, 'undisturbed', 'Complete', 600);
    assert.deepEqual(await modelDigests(namespace, 'shaken'), await modelDigests(namespace, 'undisturbed'));
  });

  await t.test(
    'a claim that is being deleted under a run blocks it with that reason, and goes with its run',
    async () => {
      const deleted = 'undisturbed-checkpoints';
      // Kubernetes keeps it for as long as there are pods that have used it, finished ones too.
      await kubectl('delete', 'pvc', '-n', namespace, deleted, '--wait=false');
      await apply(namespace, smallRun('undisturbed', { ...spec, sampling: { count: 20, batchSize: 20, seed: 99 } }));
      const blocked = await until('it is blocked', 120, async () => {
        const { status } = await getRun(namespace, 'undisturbed');
        return status?.phase === 'Blocked' && status;
      });
      const ready = blocked.conditions?.find(({ type }) => type === 'Ready');
      assert.match(ready?.message ?? '', new RegExp(`${deleted}.*being deleted`));
      await kubectl('delete', 'ddr', '-n', namespace, 'undisturbed');
      await until('the claim goes', 120, async () => (await children(namespace, 'undisturbed', 'pvc')).length === 0);
    },
  );

  await t.test('a trainer that is out of memory is seen while it is tried again', async () => {
    const tooSmall = {
      maxParallel: 2,
      retries: { perModel: 2 },
      resources: { requests: { cpu: '100m' }, limits: { memory: '120Mi', 'nvidia.com/gpu': '1' } },
    };
    await apply(namespace, smallRun('starved', { schedule: { states: 1 }, execution: tooSmall }));
    await until('the failing attempt is shown', 120, async () => {
      const { status } = await getRun(namespace, 'starved');
      return status?.phase !== 'Failed' && JSON.stringify(status).includes('OOMKilled');
    });
    const { status } = await untilPhase(namespace, 'starved', 'Failed', 240);
    assert.match(JSON.stringify(status?.failures), /OOMKilled/);
  });
});
