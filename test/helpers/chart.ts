import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dump, load, loadAll } from 'js-yaml';
import type { KubeObject } from '../../src/operator/kube/client.ts';

export const chart = join(import.meta.dirname, '../../helm/disentangled-diffusion');

/** Why tests of the chart cannot run; false where they can. */
export const noHelm =
  spawnSync('helm', ['version', '--short']).status === 0 ? false : 'helm is not on the PATH: the chart is not tested';

export interface Rendering {
  /** A value file. */
  values?: object;
  release?: string;
  namespace?: string;
  /** Folder of a chart; ours where left out. */
  folder?: string;
}

/**
 * Text that `helm template` writes.
 * @throws Error with what helm complains of
 */
export function renderText({ values = {}, release = 'ddr', namespace = 'system', folder = chart }: Rendering): string {
  const args = ['template', release, folder, '--namespace', namespace, '--values', '-'];
  const { status, stdout, stderr } = spawnSync('helm', args, { input: dump(values), encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

export const render = (rendering: Rendering = {}): KubeObject[] =>
  (loadAll(renderText(rendering)) as (KubeObject | null)[]).filter((object) => object !== null);

/** A chart that has ours as a dependency, once for each alias, each with a condition; its folder. */
export function parentChart(...aliases: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'ddr-parent-'));
  const { name, version } = load(readFileSync(join(chart, 'Chart.yaml'), 'utf8')) as { name: string; version: string };
  mkdirSync(join(folder, 'charts'));
  cpSync(chart, join(folder, 'charts', name), { recursive: true });
  const dependencies = aliases.map((alias) => ({
    name,
    version,
    condition: `${alias}.enabled`,
    ...(alias === name ? {} : { alias }),
  }));
  writeFileSync(join(folder, 'Chart.yaml'), dump({ apiVersion: 'v2', name: 'parent', version: '1.0.0', dependencies }));
  return folder;
}

const digest = `sha256:${'ab'.repeat(32)}`;
const proxy = { name: 'HTTPS_PROXY', value: 'http://proxy:3128' };

const everything = {
  global: { imageRegistry: 'registry.example', imagePullSecrets: ['global', { name: 'shared' }] },
  operator: {
    image: { registry: 'other.example', repository: 'team/operator', digest, pullPolicy: 'Always' },
    replicas: 3,
    workers: 4,
    logLevel: 'debug',
    env: [proxy, { name: 'DDR_WORKERS', value: '6' }],
    extraEnv: [{ name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
    extraEnvFrom: [{ configMapRef: { name: 'more', optional: true } }],
    extraVolumes: [{ name: 'certificates', configMap: { name: 'certificates', optional: true } }],
    extraVolumeMounts: [{ name: 'certificates', mountPath: '/certificates', readOnly: true }],
    resources: { limits: { cpu: '1', memory: '1Gi' } },
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    tolerations: [{ key: 'system', operator: 'Exists' }],
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/os', operator: 'In', values: ['linux'] }] }],
        },
      },
    },
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' },
      {
        maxSkew: 2,
        topologyKey: 'rack',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { a: 'b' } },
      },
    ],
    priorityClassName: 'system-cluster-critical',
    annotations: { 'reloader.example/auto': 'true' },
    podLabels: { team: 'vision', 'app.kubernetes.io/instance': 'never' },
    podAnnotations: { 'prometheus.io/scrape': 'true' },
    podSecurityContext: { runAsUser: null, fsGroup: 2000 },
    securityContext: { privileged: false },
    startupProbe: { failureThreshold: 60 },
    livenessProbe: { initialDelaySeconds: 5 },
    readinessProbe: { successThreshold: 1 },
    deploymentStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '50%' } },
    revisionHistoryLimit: 2,
  },
  trainer: { image: { repository: 'team/trainer', digest }, imagePullSecrets: ['trainer', 'shared'] },
  imagePullSecrets: [{ name: 'own' }, 'shared'],
  watchNamespace: '{{ .Release.Namespace }}',
  crds: { install: true },
  rbac: { create: true, userRoles: true, deleteClaims: true },
  serviceAccount: { create: true, name: 'account', annotations: { 'eks.amazonaws.com/role-arn': 'role' } },
  service: { annotations: { 'service.example/a': 'b' } },
  networkPolicy: {
    apiServerPorts: [6443],
    extraEgress: [{ ports: [{ port: 3128, protocol: 'TCP' }] }],
    trainers: {
      enabled: true,
      egress: [{ ports: [{ port: 53, protocol: 'UDP' }] }],
      extraIngress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 8080, protocol: 'TCP' }] }],
    },
  },
  metrics: { dashboard: { enabled: true, labels: { grafana_dashboard: 'yes' }, annotations: { folder: 'ML' } } },
  argocd: { enabled: true },
  nameOverride: 'named',
  fullnameOverride: 'operator-of-all',
  namespaceOverride: 'elsewhere',
  commonLabels: { 'cost-centre': 'a', 'app.kubernetes.io/name': 'never' },
  commonAnnotations: { owner: 'vision' },
  extraObjects: [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'more-{{ .Release.Name }}', namespace: 'elsewhere' },
      data: { a: 'b' },
    },
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: {{ .Values.nameOverride }}-text, namespace: elsewhere }\n',
  ],
};

/** Values that people install with, by what is special about them. */
export const valueSets: Record<string, Rendering> = {
  'the default': {},
  'everything set': { values: everything },
  'one namespace': { values: { watchNamespace: 'team-a' } },
  'a policy for pods of runs in namespaces': {
    values: { networkPolicy: { trainers: { enabled: true, namespaces: ['team-a', 'team-b', 'team-a'] } } },
  },
  'images by digest': { values: { operator: { image: { digest } }, trainer: { image: { tag: '1', digest } } } },
  'nothing for the whole cluster': {
    values: { watchNamespace: 'team-a', crds: { install: false }, rbac: { userRoles: false } },
  },
  'neither rights nor account of its own': { values: { rbac: { create: false }, serviceAccount: { create: false } } },
  'nothing that can be left out': {
    values: {
      operator: {
        topologySpreadConstraints: [],
        podSecurityContext: null,
        securityContext: null,
        podAnnotations: null,
        env: null,
        extraEnv: null,
        deploymentStrategy: null,
      },
      imagePullSecrets: null,
      commonLabels: null,
      commonAnnotations: null,
      podDisruptionBudget: { enabled: false },
      networkPolicy: { enabled: false },
    },
  },
  'one pod that is replaced': { values: { operator: { replicas: 1, deploymentStrategy: { type: 'Recreate' } } } },
};

/** The chart twice in one parent, each for a namespace of its own, the CRD with the first. */
export const twiceInOne = {
  global: everything.global,
  first: { enabled: true, watchNamespace: 'team-a', settingsOfTheParent: 1, operator: { env: [proxy] } },
  second: { enabled: true, watchNamespace: 'team-b', crds: { install: false } },
};
