import { execFile } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

/** The end-to-end tests run against any cluster that KUBECONFIG names, with kubectl and helm on the PATH. */
export const skip = process.env.KUBECONFIG === undefined ? 'KUBECONFIG names no cluster' : false;

/** Tests that take long are run with DDR_E2E_FULL=1 only. */
export const skipUnlessFull: string | false =
  process.env.DDR_E2E_FULL === '1' ? false : 'takes long; DDR_E2E_FULL=1 runs it';

export const root = join(import.meta.dirname, '../..');
const images = {
  operator: process.env.DDR_OPERATOR_IMAGE ?? 'ddr/operator:dev',
  trainer: process.env.DDR_TRAINER_IMAGE ?? 'ddr/trainer:dev',
};
export const systemNamespace = 'ddr-e2e-system';
export const release = 'ddr';

const execute = promisify(execFile);

/** Runs a program and gives its output; its errors are part of the thrown message. */
export async function run(
  program: string,
  args: string[],
  options: { input?: string; cwd?: string } = {},
): Promise<string> {
  const pending = execute(program, args, { cwd: options.cwd ?? root, maxBuffer: 2 ** 28 });
  if (options.input !== undefined) pending.child.stdin?.end(options.input);
  return (await pending).stdout;
}

export const kubectl = (...args: string[]): Promise<string> => run('kubectl', args);

export const kubectlJson = async <T>(...args: string[]): Promise<T> =>
  JSON.parse(await kubectl(...args, '-o', 'json')) as T;

export const apply = (namespace: string, object: object): Promise<string> =>
  run('kubectl', ['apply', '-n', namespace, '-f', '-'], { input: JSON.stringify(object) });

/** Asks again and again until there is an answer. */
export async function until<T>(what: string, seconds: number, ask: () => Promise<T | undefined | false>): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await wait(500);
  }
}

function imageOf(name: 'operator' | 'trainer', image: string): string[] {
  const at = image.lastIndexOf(':');
  return [
    '--set',
    `${name}.image.repository=${image.slice(0, at)}`,
    '--set-string',
    `${name}.image.tag=${image.slice(at + 1)}`,
  ];
}

/** Arguments of helm that name images. */
export const valuesOf = ({ operator, trainer }: typeof images): string[] => [
  ...imageOf('operator', operator),
  ...imageOf('trainer', trainer),
];

/** Arguments of helm that name the images under test. */
export const imageValues = valuesOf(images);

/** Installs the chart with two replicas, or upgrades it. */
export async function installChart(): Promise<void> {
  const values = [...imageValues, '--set', 'operator.replicas=2'];
  await run('helm', [
    'upgrade',
    '--install',
    release,
    'helm/disentangled-diffusion',
    '-n',
    systemNamespace,
    '--create-namespace',
    '--take-ownership',
    ...values,
    '--wait',
    '--timeout',
    '180s',
  ]);
}

/** Installs another release, or upgrades it, for the runs of one namespace. @param watched may be a template of helm */
export const installBeside = (name: string, namespace: string, watched: string, ...values: string[]): Promise<string> =>
  run('helm', [
    ...['upgrade', '--install', name, 'helm/disentangled-diffusion', '--namespace', namespace],
    ...[...imageValues, '--set', 'operator.replicas=1', ...values],
    ...['--set-literal', `watchNamespace=${watched}`, '--wait', '--timeout', '180s'],
  ]);

/** Starts and ends pods of a release's operator: two operators must not act on the same runs. */
export const scaleOperator = (namespace: string, name: string, replicas: number): Promise<string> =>
  kubectl('scale', '-n', namespace, `deployment/${name}-operator`, `--replicas=${replicas}`);

/** Name of the operator's pod that leads; empty where none does. */
export const leaseHolder = (): Promise<string> =>
  kubectl('get', 'lease', '-n', systemNamespace, `${release}-operator`, '-o', 'jsonpath={.spec.holderIdentity}');

/** A namespace with the digits on a claim, and a pod through which the claims can be looked at. */
export async function prepareNamespace(namespace: string): Promise<void> {
  await kubectl('create', 'namespace', namespace).catch(() => {});
  // Everything of ours must run under the strictest standard.
  await kubectl('label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted', '--overwrite');
  const digits = join(root, '.cache/mnist');
  await run(process.execPath, ['scripts/mnist.ts', digits]);
  const manifest = (await run('cat', ['examples/mnist-data.yaml'])).replace('ddr/trainer:0.2.0', images.trainer);
  await run('kubectl', ['apply', '-n', namespace, '-f', '-'], { input: manifest });
  await kubectl('wait', '-n', namespace, '--for=condition=Ready', 'pod/mnist-data', '--timeout=180s');
  await kubectl('cp', '-n', namespace, digits, 'mnist-data:/data/mnist');
}

/** Runs a shell command in a pod that has a run's claim mounted. */
export async function onClaim(namespace: string, claim: string, command: string): Promise<string> {
  const name = `look-${claim}`.slice(0, 60);
  await apply(namespace, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'shell',
          image: images.trainer,
          imagePullPolicy: 'IfNotPresent',
          command: ['sleep', '3600'],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          volumeMounts: [{ name: 'run', mountPath: '/run-volume' }],
        },
      ],
      volumes: [{ name: 'run', persistentVolumeClaim: { claimName: claim } }],
      terminationGracePeriodSeconds: 0,
    },
  });
  await kubectl('wait', '-n', namespace, '--for=condition=Ready', `pod/${name}`, '--timeout=60s');
  const output = await kubectl('exec', '-n', namespace, name, '--', 'sh', '-c', command);
  await kubectl('delete', '-n', namespace, `pod/${name}`, '--wait=false');
  return output;
}

export interface RunObject {
  metadata: { name: string; uid: string; generation: number };
  spec: Record<string, unknown>;
  status?: {
    observedGeneration?: number;
    phase?: string;
    models?: { summary: string; done: number; failed: number; active: number; retries: number; awaited?: number };
    conditions?: { type: string; status: string; reason: string; message: string }[];
    failures?: { job: string; pod?: string; states?: string; reason: string; message: string; log?: string[] }[];
    dataset?: { digest: string; count: number; leftOut: number; broken: number; notices?: string[] };
    bundle?: { path: string; digest: string };
    results?: { path: string; digest: string; frechetDistance?: number; extractor?: string; sampleCount: number };
    progress?: { images: number; percent: number };
  };
}

export const getRun = (namespace: string, name: string): Promise<RunObject> =>
  kubectlJson('get', '-n', namespace, 'ddr', name);

/** Waits for a phase of the spec as it is now: a status of an earlier generation does not count. */
export function untilPhase(namespace: string, name: string, phase: string, seconds: number): Promise<RunObject> {
  return until(`${name} becomes ${phase}`, seconds, async () => {
    const object = await getRun(namespace, name);
    const { metadata, status } = object;
    if (status?.observedGeneration !== metadata.generation) return undefined;
    if (status.phase === 'Failed' && phase !== 'Failed')
      throw new Error(`${name} failed: ${JSON.stringify(status.failures)}`);
    return status.phase === phase ? object : undefined;
  });
}

export interface Named {
  metadata: {
    name: string;
    uid: string;
    labels?: Record<string, string>;
    creationTimestamp: string;
    deletionTimestamp?: string;
  };
  status?: Record<string, unknown>;
}

/** Children of a run by kind. */
export async function children(namespace: string, run: string, kind: 'jobs' | 'pods' | 'pvc'): Promise<Named[]> {
  return (await kubectlJson<{ items: Named[] }>('get', '-n', namespace, kind, '-l', `tspace.dev/run=${run}`)).items;
}

/** A run small enough for two cores: every model takes a few seconds. */
export function smallRun(name: string, spec: Record<string, unknown> = {}): object {
  return {
    apiVersion: 'tspace.dev/v1alpha1',
    kind: 'DisentangledDiffusionRun',
    metadata: { name },
    spec: {
      schedule: { states: 3 },
      dataset: {
        source: { volume: { claimName: 'mnist-data', path: 'mnist' } },
        format: 'Idx',
        image: { size: 28, channels: 1 },
        limit: 2000,
      },
      model: { baseChannels: 8, channelMultipliers: [1, 2] },
      training: { images: 960, batchSize: 32, threads: 1, seed: 3 },
      execution: {
        maxParallel: 2,
        resources: { requests: { cpu: '100m', memory: '512Mi' }, limits: { 'nvidia.com/gpu': '1' } },
      },
      checkpoints: { volume: { shared: { size: '1Gi' } }, everyImages: 320 },
      sampling: { count: 20, batchSize: 20 },
      ...spec,
    },
  };
}

/** sha256 of each model's final weights, by model index, as the bundle's manifest has them. */
export async function modelDigests(namespace: string, name: string): Promise<string[]> {
  const { status } = await getRun(namespace, name);
  const manifest = JSON.parse(
    await onClaim(namespace, `${name}-checkpoints`, `cat /run-volume/${status?.bundle?.path}/manifest.json`),
  ) as { models: { sha256: string }[] };
  return manifest.models.map(({ sha256 }) => sha256);
}

/** Writes what there is to know about a namespace, for when a test has failed. */
export async function dump(namespace: string, title: string): Promise<void> {
  const base = process.env.DDR_E2E_DUMP ?? join(tmpdir(), 'ddr-e2e');
  mkdirSync(base, { recursive: true });
  const folder = mkdtempSync(join(base, 'failed-'));
  const parts: [string, string[]][] = [
    ['runs', ['get', 'ddr', '-n', namespace, '-o', 'yaml']],
    ['describe', ['describe', 'ddr,jobs,pods', '-n', namespace]],
    [
      'operator',
      ['logs', '-n', systemNamespace, '-l', 'app.kubernetes.io/component=operator', '--prefix', '--tail=500'],
    ],
  ];
  for (const [name, args] of parts) writeFileSync(join(folder, name), await kubectl(...args).catch(String));
  appendFileSync(join(folder, 'title'), title);
  console.error(`what was there is in ${folder}`);
}
