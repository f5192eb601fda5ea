import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRun, type Run } from '../../../../src/api/run.ts';
import { readerPod, templateOf } from '../../../../src/cli/fetch/readerPod.ts';
import { podSecurityProblems } from '../../../../src/operator/plan/podSecurity.ts';
import { minimalRun, withSpec } from '../../../helpers/runs.ts';

const run = parseRun({ ...minimalRun(), metadata: { name: 'digits', namespace: 'n', uid: 'u' } });
const options = { run, claimName: 'c', template: undefined, image: 'trainer:1', suffix: 'abcd' };

/** What of a pod is looked at here. */
interface Pod {
  metadata: Record<string, unknown>;
  spec: {
    containers: { image: string; volumeMounts: object[] }[];
    securityContext: Record<string, unknown>;
    [field: string]: unknown;
  };
}

const podOf = (fields: Partial<typeof options> = {}) => readerPod({ ...options, ...fields }) as unknown as Pod;

const jobOf = (spec: object, metadata: object = {}) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'j' },
  spec: { template: { metadata, spec: { containers: [{ name: 'trainer', image: 'registry/trainer:2' }], ...spec } } },
});

const restricted = { level: 'restricted', version: undefined } as const;

test('the pod has the claim read-only, no token, an end, and what the level restricted demands', () => {
  const { metadata, spec } = podOf();
  assert.deepEqual(podSecurityProblems({ metadata, spec } as never, restricted), []);
  assert.equal(spec.automountServiceAccountToken, false);
  assert.equal(spec.activeDeadlineSeconds, 3600);
  assert.deepEqual(spec.containers[0]?.volumeMounts, [{ name: 'run', mountPath: '/volumes/run', readOnly: true }]);
  assert.deepEqual(spec.volumes, [{ name: 'run', persistentVolumeClaim: { claimName: 'c' } }]);
});

test('it goes with its run, and is none of the children that the operator looks after', () => {
  const { metadata } = podOf();
  assert.deepEqual(metadata.labels, { 'tspace.dev/reader': 'digits' });
  const [owner] = metadata.ownerReferences as { uid: string; controller?: boolean }[];
  assert.deepEqual([owner?.uid, owner?.controller], ['u', undefined]);
});

test('it runs where the pods of the run did, and may read what they wrote, as root never', () => {
  const placed = {
    nodeSelector: { disk: 'near' },
    tolerations: [{ operator: 'Exists' }],
    imagePullSecrets: [{ name: 'registry' }],
    securityContext: { runAsUser: 0, runAsGroup: 5000, fsGroup: 2000, supplementalGroups: [3000] },
    serviceAccountName: 'mighty',
    hostNetwork: true,
  };
  const template = templateOf(jobOf(placed, { annotations: { 'sidecar.istio.io/inject': 'false' } }));
  const { metadata, spec } = podOf({ template, image: undefined } as never);
  assert.equal(spec.containers[0]?.image, 'registry/trainer:2');
  assert.deepEqual([spec.nodeSelector, spec.tolerations], [placed.nodeSelector, placed.tolerations]);
  assert.deepEqual(spec.imagePullSecrets, placed.imagePullSecrets);
  assert.deepEqual(metadata.annotations, { 'sidecar.istio.io/inject': 'false' });
  const { runAsUser, runAsGroup, supplementalGroups, fsGroup } = spec.securityContext;
  assert.deepEqual([runAsUser, runAsGroup, supplementalGroups, fsGroup], [1000, 5000, [2000, 3000], undefined]);
  assert.deepEqual([spec.serviceAccountName, spec.hostNetwork], [undefined, undefined]);
  assert.deepEqual(podSecurityProblems({ metadata, spec } as never, restricted), []);
});

test('the image is the one that is named, that of the Jobs, or that of the spec', () => {
  const named: Run = parseRun(withSpec({ execution: { image: 'mine:3' } }));
  const template = templateOf(jobOf({}));
  const imageOf = (fields: object) => podOf(fields as never).spec.containers[0]?.image;
  assert.equal(imageOf({ run: named, template }), 'trainer:1');
  assert.equal(imageOf({ run: named, template, image: undefined }), 'registry/trainer:2');
  assert.equal(imageOf({ run: named, image: undefined }), 'mine:3');
  assert.throws(() => imageOf({ image: undefined }), { code: 'InputMissing', hint: /--image/ });
});

test('a Job that is none has no template', () => {
  assert.equal(templateOf({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j' } }), undefined);
});
