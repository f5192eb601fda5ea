import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { KubeConfig } from '@kubernetes/client-node';
import { dump } from 'js-yaml';
import { labels } from '../../src/api/names.ts';
import { parseRun } from '../../src/api/run.ts';
import { freePort } from '../../src/local/freePort.ts';
import type { ApiClient } from '../../src/operator/kube/apiClient.ts';
import type { KubeObject, ResourceType } from '../../src/operator/kube/client.ts';
import { unreadData } from '../../src/operator/plan/identity.ts';
import { allChildren } from '../../src/operator/plan/render.ts';
import { types } from '../../src/operator/types.ts';
import { chart, noHelm, render } from '../helpers/chart.ts';
import { root } from '../helpers/ddr.ts';
import { describeRight, resourceOf, rightsOf } from '../helpers/rights.ts';
import { withSpec } from '../helpers/runs.ts';
import { type AuditedRequest, type Environment, skip, startEnvironment } from './envtest.ts';
import { finishJob, until } from './jobs.ts';

const system = 'system';
const namespace = 'team-a';
const account = 'ddr-operator';
const namespaces: ResourceType = { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces' };
const role: ResourceType = { group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'Role', plural: 'roles' };

/** Rights that no request asks for: admission looks for them when a child is made, and when its owners change. */
const ownersRight = 'update tspace.dev/disentangleddiffusionruns/finalizers';
const claimsRight = 'delete persistentvolumeclaims';

interface Case {
  title: string;
  watched: string;
  /** Whether the API server looks who may change owners, as OpenShift's does. */
  enforcing: boolean;
}
const cases: Case[] = [
  { title: 'watching all namespaces', watched: '', enforcing: false },
  { title: 'watching one, where owners are protected', watched: namespace, enforcing: true },
];

/** What requests to the API server needed, each once, in the words of the chart's rights. */
function rightsUsed(
  requests: readonly AuditedRequest[],
  rights: readonly { resource: string; name?: string | undefined }[],
) {
  const used = requests.flatMap(({ verb, objectRef }) => {
    if (objectRef === undefined) return [];
    const { apiGroup, resource, subresource, name } = objectRef;
    const whole = resourceOf(apiGroup, subresource === undefined ? resource : `${resource}/${subresource}`);
    // Of a right to one object the name counts; none can be given for what is only just created.
    const named = verb !== 'create' && rights.some((right) => right.resource === whole && right.name === name);
    return [describeRight({ verb, resource: whole, name: named ? name : undefined })];
  });
  return [...new Set(used)].sort();
}

/** The operator as its image runs it, with the token of the chart's account, until the test ends. */
async function startOperator(t: TestContext, environment: Environment, watched: string): Promise<void> {
  const { kubeconfig, server } = environment;
  const kubectl = ['--kubeconfig', kubeconfig, '--namespace', system, 'create', 'token', account];
  const token = execFileSync('kubectl', kubectl, { encoding: 'utf8' }).trim();
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'envtest', server, skipTLSVerify: true }, { name: account, token });
  const file = join(dirname(kubeconfig), 'operator');
  writeFileSync(file, config.exportConfig());
  const operator = spawn(process.execPath, [join(root, 'src/operator/main.ts')], {
    stdio: 'ignore',
    env: {
      ...process.env,
      KUBECONFIG: file,
      DDR_TRAINER_IMAGE: 'trainer:test',
      DDR_WATCH_NAMESPACE: watched,
      DDR_LEASE_NAMESPACE: system,
      DDR_LEASE_NAME: 'ddr-operator',
      DDR_HTTP_PORT: String(await freePort()),
    },
  });
  t.after(async () => {
    const ended = new Promise((resolve) => operator.once('exit', resolve));
    operator.kill('SIGTERM');
    await ended;
  });
}

/** Leads a run through all for which the operator asks something of the API server. */
async function wholeLife(client: ApiClient): Promise<void> {
  const settings = { trainerImage: 'trainer:test' };
  const jobsOf = async (run: string) =>
    (await client.list(types.job, { namespace, labelSelector: `${labels.run}=${run}` })).items;
  const runNow = (name: string) => client.get(types.run, namespace, name);
  const conditionOf = async (name: string, type: string) => {
    const { conditions = [] } = ((await runNow(name))?.status ?? {}) as {
      conditions?: { type: string; status: string; message: string }[];
    };
    return conditions.find((condition) => condition.type === type && condition.status === 'True');
  };
  const input = (name: string, spec: Record<string, unknown>): KubeObject => ({
    ...withSpec(spec),
    metadata: { name, namespace },
  });
  const apply = (name: string, spec: Record<string, unknown>) =>
    client.apply(types.run, input(name, spec), { fieldManager: 'test' });
  const volume = (whenDeleted: string) => ({ checkpoints: { volume: { shared: { size: '1Gi', whenDeleted } } } });
  const one = { schedule: { states: 1 }, ...volume('Delete') };

  // A Job of somebody else has the name of one of its own: created in vain, then got.
  const taken = input('taken', one);
  const [, theirs] = allChildren(parseRun(taken), unreadData, settings);
  assert.ok(theirs !== undefined);
  const { ownerReferences: _, ...metadata } = theirs.metadata;
  await client.create(types.job, { ...theirs, metadata });
  await client.create(types.run, taken);
  await until('the name is taken', () => conditionOf('taken', 'Stalled'));

  await apply('life', one);
  const prepare = await until('data are prepared', async () => (await jobsOf('life'))[0]);
  await finishJob(client, prepare);
  const trains = ({ metadata }: KubeObject) => metadata.labels?.[labels.component] === 'train';
  const model = () => until('a model trains', async () => (await jobsOf('life')).find(trains));
  const first = await model();
  const suspended = async () => ((await model()).spec as { suspend?: boolean }).suspend === true;
  await apply('life', { ...one, suspend: true });
  await until('it is suspended', suspended);
  await apply('life', one);
  await until('it goes on', async () => !(await suspended()));
  // Another model is another Job, and nobody needs this one.
  const larger = { ...one, model: { baseChannels: 64 } };
  await apply('life', larger);
  await until('the Job is deleted', async () => {
    const old = await client.get(types.job, namespace, first.metadata.name);
    return old === undefined || old.metadata.deletionTimestamp !== undefined;
  });
  await apply('life', { ...larger, ...volume('Retain') });
  await until('the claim stays', async () => {
    const claim = await client.get(types.claim, namespace, 'life-checkpoints');
    return claim !== undefined && claim.metadata.ownerReferences === undefined;
  });
  await apply('life', { ...larger, ...volume('Retain'), cancel: true, ttlSecondsAfterFinished: 0 });
  await until('it is deleted', async () => {
    const run = await runNow('life');
    return run === undefined || run.metadata.deletionTimestamp !== undefined;
  });
}

for (const { title, watched, enforcing } of cases) {
  test(`the chart gives the operator the rights that it uses, ${title}`, { skip: skip || noHelm }, async (t) => {
    const values = { watchNamespace: watched, rbac: { deleteClaims: enforcing } };
    let environment: Environment;
    let client: ApiClient;
    before(async () => {
      environment = await startEnvironment({
        audited: `system:serviceaccount:${system}:${account}`,
        admission: enforcing ? ['OwnerReferencesPermissionEnforcement'] : [],
      });
      client = environment.connect();
      for (const name of [system, namespace])
        await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
      const args = ['install', 'ddr', chart, '--namespace', system, '--values', '-'];
      execFileSync('helm', [...args, '--kubeconfig', environment.kubeconfig], { input: dump(values), stdio: 'pipe' });
    });
    after(async () => {
      await client.close();
      await environment.stop();
    });

    await t.test('in a whole life', async (t) => {
      await startOperator(t, environment, watched);
      await wholeLife(client);
    });

    await t.test('none is missing, and none unused', () => {
      const requests = environment.requests();
      const forbidden = requests.filter(({ responseStatus }) => responseStatus?.code === 403);
      assert.deepEqual(
        forbidden.map(({ verb, requestURI }) => `${verb} ${requestURI}`),
        [],
      );
      const rights = rightsOf(render({ namespace: system, values }), account);
      const given = [...new Set(rights.map(describeRight))].sort();
      const unasked = enforcing ? [ownersRight, claimsRight] : [ownersRight];
      assert.deepEqual([...rightsUsed(requests, rights), ...unasked].sort(), given);
    });

    await t.test('and without the right to the finalizers of runs it could make no child', async (t) => {
      if (!enforcing) return t.skip('this API server does not look for it');
      const given = (await client.get(role, watched, account)) as KubeObject & { rules: { resources: string[] }[] };
      const rules = given.rules.filter(({ resources }) => !resources[0]?.endsWith('/finalizers'));
      await client.replace(role, { ...given, rules } as KubeObject);
      await startOperator(t, environment, watched);
      await client.create(types.run, { ...withSpec({}), metadata: { name: 'refused', namespace } });
      await until('it says so', async () => {
        const run = await client.get(types.run, namespace, 'refused');
        return JSON.stringify(run?.status ?? {}).includes('blockOwnerDeletion');
      });
    });
  });
}
