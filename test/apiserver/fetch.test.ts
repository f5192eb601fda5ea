import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';
import { resultsOnCluster } from '../../src/cli/fetch/cluster.ts';
import { claimRules, type Rule } from '../../src/cli/fetch/rights.ts';
import { ApiClient } from '../../src/operator/kube/apiClient.ts';
import type { ResourceType } from '../../src/operator/kube/client.ts';
import { systemClock } from '../../src/operator/kube/clock.ts';
import { types } from '../../src/operator/types.ts';
import { minimalRun } from '../helpers/runs.ts';
import { installCrd } from './crd.ts';
import { type Environment, skip, startEnvironment } from './envtest.ts';
import { until } from './jobs.ts';

const namespace = 'team';
const rbac = 'rbac.authorization.k8s.io';
const role: ResourceType = { group: rbac, version: 'v1', kind: 'Role', plural: 'roles' };
const binding: ResourceType = { group: rbac, version: 'v1', kind: 'RoleBinding', plural: 'rolebindings' };
const account: ResourceType = { group: '', version: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts' };
const tokenSchema = z.object({ status: z.object({ token: z.string() }) });

const digest = 'ab'.repeat(32);
const status = {
  observedGeneration: 1,
  phase: 'Complete',
  bundle: { path: 'runs/digits/bundles/0123456789abcdef', digest },
  results: { path: 'runs/digits/reports/0123456789abcdef', digest, sampleCount: 4 },
};

test('ddr fetch against a real API server', { skip }, async (t) => {
  let environment: Environment;
  let admin: ApiClient;
  const run = minimalRun();

  before(async () => {
    environment = await startEnvironment();
    admin = environment.connect();
    await installCrd(admin);
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await admin.create(types.namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } });
    const metadata = { name: 'digits', namespace };
    await admin.create(types.run, { ...run, metadata });
    await admin.apply(
      types.run,
      { apiVersion: run.apiVersion, kind: run.kind, metadata, status },
      {
        fieldManager: 'test',
        subresource: 'status',
      },
    );
    await admin.create(types.claim, {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'digits-checkpoints', namespace },
      spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
    });
  });
  after(async () => {
    await admin.close();
    await environment.stop();
  });

  /** A client of somebody who may do no more than these rules say. */
  async function userWith(t: TestContext, name: string, rules: readonly Rule[]): Promise<ApiClient> {
    const metadata = { name, namespace };
    const own = { apiVersion: `${rbac}/v1`, metadata };
    await admin.create(account, { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
    const spelled = rules.map(({ apiGroup, resource, verbs }) => ({
      apiGroups: [apiGroup],
      resources: [resource],
      verbs,
    }));
    await admin.create(role, { ...own, kind: 'Role', rules: spelled });
    const subjects = [{ kind: 'ServiceAccount', name, namespace }];
    await admin.create(binding, {
      ...own,
      kind: 'RoleBinding',
      roleRef: { apiGroup: rbac, kind: 'Role', name },
      subjects,
    });
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
    const { token } = tokenSchema.parse(await admin.ask(path, request)).status;
    const config = new KubeConfig();
    config.loadFromClusterAndUser({ name: 'test', server: environment.server, skipTLSVerify: true }, { name, token });
    const client = new ApiClient(config, systemClock);
    t.after(() => client.close());
    return client;
  }

  const options = (signal = new AbortController().signal) => ({
    name: 'digits',
    namespace,
    image: 'trainer:test',
    signal,
    note: () => {},
  });

  await t.test('who may nothing, or too little, is told which rules are missing', async (t) => {
    const nobody = await userWith(t, 'nobody', []);
    await assert.rejects(resultsOnCluster(nobody, options()), { code: 'AccessDenied', message: /cannot get resource/ });
    const viewer = await userWith(t, 'viewer', claimRules.slice(0, 3));
    await assert.rejects(resultsOnCluster(viewer, options()), {
      code: 'AccessDenied',
      hint: /\{apiGroups: \[""\], resources: \[pods\], verbs: \[get, list, create, delete\]\}, .*pods\/exec.*get, create/,
    });
  });

  await t.test(
    'with the rules that are named its pod is taken by a namespace of the level restricted, and deleted',
    async (t) => {
      const reader = await userWith(t, 'reader', claimRules);
      const stop = new AbortController();
      const results = await resultsOnCluster(reader, options(stop.signal));
      const reading = results.store.read('runs/digits/reports/0123456789abcdef/report.json');
      reading.catch(() => {});
      const pods = async () => (await admin.list(types.pod, { namespace })).items;
      const pod = await until('the pod is there', async () => (await pods())[0]);
      assert.match(pod.metadata.name, /^digits-fetch-[0-9a-f]{8}$/);
      stop.abort(new Error('enough'));
      await assert.rejects(reading, /enough/);
      await results.close();
      // Without a garbage collector it stays for a while.
      for (const { metadata } of await pods()) assert.ok(metadata.deletionTimestamp !== undefined);
    },
  );

  await t.test('a command that may not be run is refused in the words of the server', async (t) => {
    const viewer = await userWith(t, 'watcher', claimRules.slice(0, 4));
    const pod = { namespace, pod: 'none', container: 'reader' };
    await assert.rejects(viewer.exec(pod, ['true'], { most: 10 }), { status: 403, message: /pods\/exec/ });
    await assert.rejects(admin.exec(pod, ['true'], { most: 10 }), { status: 404, message: /"none" not found/ });
  });
});
