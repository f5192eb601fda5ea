import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { components, labels } from '../../src/api/names.ts';
import { parseRun } from '../../src/api/run.ts';
import { unreadData } from '../../src/operator/plan/identity.ts';
import { allChildren } from '../../src/operator/plan/render.ts';
import { withSpec } from '../helpers/runs.ts';
import { type Environment, skip, startEnvironment } from './envtest.ts';
import { dryRun } from './kubectl.ts';

const selected = { labelSelector: { matchLabels: { team: 'vision' } } };
const pods = { ...selected, topologyKey: 'topology.kubernetes.io/zone' };
const node = (key: string, values: string[]) => ({ matchExpressions: [{ key, operator: 'In', values }] });
const trainer = (fields: object) => ({ containers: [{ name: 'trainer', ...fields }] });

/** What platform teams put into the pods of their jobs. The server fills in defaults beside it, and takes nothing away. */
const passed: Record<string, object> = {
  'node selectors': { nodeSelector: { 'nvidia.com/gpu.product': 'H100', 'kubernetes.io/arch': 'amd64' } },
  'a node by its name': { nodeName: 'gpu-1' },
  tolerations: {
    tolerations: [
      { key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' },
      { key: 'spot', operator: 'Equal', value: 'yes', effect: 'NoExecute', tolerationSeconds: 60 },
    ],
  },
  'a runtime class': { runtimeClassName: 'nvidia' },
  'a priority class': { priorityClassName: 'batch-low', preemptionPolicy: 'Never' },
  'another scheduler': { schedulerName: 'volcano' },
  'scheduling gates': { schedulingGates: [{ name: 'example.com/quota' }] },
  'topology spread': {
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway', ...selected },
      {
        maxSkew: 2,
        minDomains: 2,
        topologyKey: 'topology.kubernetes.io/zone',
        whenUnsatisfiable: 'DoNotSchedule',
        ...selected,
        matchLabelKeys: ['tspace.dev/component'],
        nodeAffinityPolicy: 'Honor',
        nodeTaintsPolicy: 'Ignore',
      },
    ],
  },
  'node affinity': {
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [node('gpu', ['h100', 'h200'])] },
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 50, preference: node('zone', ['a']) }],
      },
    },
  },
  'affinity of pods': {
    affinity: {
      podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: pods }] },
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ ...pods, namespaces: ['team-a'] }] },
    },
  },
  'devices by dynamic resource allocation': {
    resourceClaims: [
      { name: 'gpu', resourceClaimTemplateName: 'one-gpu' },
      { name: 'link', resourceClaimName: 'fabric' },
    ],
    ...trainer({ resources: { claims: [{ name: 'gpu', request: 'card' }, { name: 'link' }] } }),
  },
  'GPUs and huge pages': trainer({
    resources: { limits: { 'amd.com/gpu': '2', 'hugepages-2Mi': '64Mi', memory: '8Gi' } },
  }),
  'a user namespace': { hostUsers: false },
  'names and addresses': {
    hostAliases: [{ ip: '10.0.0.1', hostnames: ['store.example'] }],
    dnsPolicy: 'None',
    dnsConfig: { nameservers: ['10.0.0.2'], options: [{ name: 'ndots', value: '2' }] },
  },
  'the network of the node': { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' },
  'an account and pull secrets': { serviceAccountName: 'trainers', imagePullSecrets: [{ name: 'registry' }] },
  'shared memory': {
    volumes: [{ name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } }],
    ...trainer({ volumeMounts: [{ name: 'shm', mountPath: '/dev/shm' }] }),
  },
  'a sidecar': {
    initContainers: [
      { name: 'logs', image: 'logs:1', restartPolicy: 'Always', startupProbe: { httpGet: { port: 80, path: '/' } } },
    ],
  },
  'groups and SELinux': {
    securityContext: {
      supplementalGroups: [4000],
      supplementalGroupsPolicy: 'Strict',
      seLinuxOptions: { level: 's0:c123,c456' },
      appArmorProfile: { type: 'RuntimeDefault' },
    },
  },
};

interface PodSpec {
  nodeSelector?: object;
  containers: object[];
}

test('what a pod template says reaches a real API server', { skip }, async (t) => {
  let environment: Environment;
  before(async () => {
    environment = await startEnvironment();
  });
  after(() => environment.stop());

  /** The pods of a step's Job as the server would store it. */
  function stored(step: string, spec: Record<string, unknown>): PodSpec {
    const run = parseRun(withSpec({ schedule: { states: 1 }, ...spec }));
    const job = allChildren(run, unreadData, { trainerImage: 'trainer' }).find(
      ({ metadata }) => metadata.labels?.[labels.component] === step,
    );
    const object = { ...job, metadata: { ...job?.metadata, ownerReferences: undefined } };
    const { items, text } = dryRun(environment.kubeconfig, '-', JSON.stringify(object));
    const [answer] = items as unknown as { spec: { template: { spec: PodSpec } } }[];
    assert.ok(answer !== undefined, text);
    return answer.spec.template.spec;
  }

  for (const [title, spec] of Object.entries(passed)) {
    await t.test(title, () => {
      const pod = stored('train', { execution: { podTemplate: { spec } } });
      const { containers, ...rest } = spec as Partial<PodSpec>;
      assert.partialDeepStrictEqual(pod, rest);
      if (containers !== undefined) assert.partialDeepStrictEqual(pod.containers[0], containers[0]);
    });
  }

  await t.test('from every place that a template can be written in', () => {
    const podTemplate = { spec: { nodeSelector: { gpu: 'h100' } } };
    for (const step of components) {
      const { nodeSelector } = stored(step, { execution: { steps: { [step]: { podTemplate } } } });
      assert.deepEqual(nodeSelector, { gpu: 'h100' }, step);
    }
    assert.deepEqual(stored('train', { overrides: [{ states: '0', podTemplate }] }).nodeSelector, { gpu: 'h100' });
    assert.equal(stored('train', {}).nodeSelector, undefined);
  });
});
