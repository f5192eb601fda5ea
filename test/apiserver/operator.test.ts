import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { labels } from '../../src/api/names.ts';
import type { TaskResult } from '../../src/api/termination.ts';
import type { ApiClient } from '../../src/operator/kube/apiClient.ts';
import type { KubeObject, ObjectMeta } from '../../src/operator/kube/client.ts';
import { systemClock } from '../../src/operator/kube/clock.ts';
import { eventType } from '../../src/operator/kube/events.ts';
import { LeaderElection, leaseType } from '../../src/operator/kube/leaderElection.ts';
import {
  createRunController,
  type RunController,
  type RunControllerOptions,
} from '../../src/operator/runController.ts';
import { types } from '../../src/operator/types.ts';
import { resultOf } from '../helpers/endedJob.ts';
import { silent } from '../helpers/manualClock.ts';
import { withSpec } from '../helpers/runs.ts';
import { installCrd } from './crd.ts';
import { type Environment, skip, startEnvironment } from './envtest.ts';
import { finishJob, until } from './jobs.ts';

const namespace = 'default';

/** Right in its fields, and refused: what exists has no value. */
const untaken = { key: 'gpu', operator: 'Exists', value: 'h100' };

/** Spec or status of an object that has to be there. */
function part<T>(object: KubeObject | undefined, name: 'spec' | 'status'): T {
  assert.ok(object !== undefined, 'the object is not there');
  return object[name] as T;
}

/** A controller that ends with its test, passed or not: one left running would keep the process and its connections. */
function startController(
  t: TestContext,
  client: ApiClient,
  options: Partial<RunControllerOptions> = {},
): RunController {
  const controller = createRunController({
    client,
    clock: systemClock,
    random: Math.random,
    logger: silent,
    settings: { trainerImage: 'trainer:test' },
    metrics: { reconciled: () => {}, active: () => {}, waited: () => {}, missed: () => {} },
    workers: 4,
    instance: 'test',
    pollIntervalMs: 60_000,
    ...options,
  });
  t.after(() => controller.stop());
  controller.watch();
  controller.start();
  return controller;
}

test('the operator on a real API server', { skip }, async (t) => {
  let environment: Environment;
  let client: ApiClient;
  before(async () => {
    environment = await startEnvironment();
    client = environment.connect();
    await installCrd(client);
  });
  after(async () => {
    await client.close();
    await environment.stop();
  });
  const create = (name: string, spec: Record<string, unknown>) => {
    const run = withSpec(spec);
    return client.create(types.run, { ...run, metadata: { name, namespace } });
  };
  const jobsOf = async (run: string) =>
    (await client.list(types.job, { namespace, labelSelector: `${labels.run}=${run}` })).items;
  const modelsOf = async (run: string) =>
    (await jobsOf(run)).filter(({ metadata }) => metadata.labels?.[labels.component] === 'train');
  /** Ends the Job that prepares the data. */
  const prepare = (run: string) =>
    until(`${run} is prepared`, async () => {
      const [job] = await jobsOf(run);
      if (job !== undefined) await finishJob(client, job);
      return job !== undefined;
    });
  const stalledOf = async (run: string) => {
    const { conditions = [] } = ((await client.get(types.run, namespace, run))?.status ?? {}) as {
      conditions?: { type: string; status: string; reason: string; message: string }[];
    };
    return conditions.find(({ type, status }) => type === 'Stalled' && status === 'True');
  };
  const statusOf = async (run: string) =>
    (await client.get(types.run, namespace, run))?.status as
      | {
          phase?: string;
          models?: { summary: string };
          dataset?: { digest: string };
          bundle?: object;
          results?: object;
        }
      | undefined;
  const unfinished = (job: KubeObject) =>
    !((job.status as { conditions?: { type: string }[] }).conditions ?? []).some(({ type }) => type === 'Complete');
  /** Ends Jobs until the run is complete. */
  const complete = (run: string) =>
    until(`${run} completes`, async () => {
      for (const job of (await jobsOf(run)).filter(unfinished)) await finishJob(client, job);
      return (await statusOf(run))?.phase === 'Complete';
    });

  await t.test('drives a run through its life, with Jobs that the server accepts', async (t) => {
    startController(t, client);
    await create('life', {
      schedule: { states: 3 },
      execution: { maxParallel: 2 },
      sampling: { count: 5, shards: 2 },
      evaluation: { extractor: { name: 'mnist-classifier' } },
    });
    await prepare('life');
    await until('two models train', async () => (await modelsOf('life')).length === 2);
    await complete('life');
    const status = await statusOf('life');
    assert.equal(status?.models?.summary, '3/3');
    const jobs = await jobsOf('life');
    const said = (component: string) =>
      jobs.filter(({ metadata }) => metadata.labels?.[labels.component] === component).map(resultOf)[0];
    const { kind: _, models: __, ...bundle } = said('aggregate') as Extract<TaskResult, { kind: 'aggregate' }>;
    assert.deepEqual(status?.bundle, bundle);
    assert.equal(status?.dataset?.digest, (said('prepare') as Extract<TaskResult, { kind: 'prepare' }>).sha256);
    assert.equal(jobs.length, 7);
    const [job] = jobs;
    const spec = part<{ podFailurePolicy: { rules: object[] }; podReplacementPolicy: string }>(job, 'spec');
    assert.equal(spec.podFailurePolicy.rules.length, 3);
    assert.equal(spec.podReplacementPolicy, 'Failed');
    const events = (await client.list(eventType, { namespace })).items.filter(
      ({ regarding }) => (regarding as { name: string }).name === 'life',
    );
    assert.ok(events.some(({ reason }) => reason === 'Complete'));
  });

  await t.test('a new operator in mid-run creates nothing twice, and a quiet run is not written to', async (t) => {
    const first = startController(t, client);
    await create('restart', { schedule: { states: 4 }, execution: { maxParallel: 2 }, sampling: { count: 5 } });
    await prepare('restart');
    await until('two models train', async () => (await modelsOf('restart')).length === 2);
    const before = await modelsOf('restart');
    await first.stop();
    await finishJob(client, before[0] as KubeObject); // while nobody looks
    startController(t, client);
    const third = startController(t, environment.connect()); // even two at once
    await until('the next model', async () => (await modelsOf('restart')).length === 3);
    await wait(500);
    const after = await modelsOf('restart');
    assert.equal(after.length, 3);
    for (const job of before) assert.ok(after.some(({ metadata }) => metadata.uid === job.metadata.uid));
    await third.stop();
    await wait(500);
    const version = (await client.get(types.run, namespace, 'restart'))?.metadata.resourceVersion;
    await wait(1500);
    assert.equal((await client.get(types.run, namespace, 'restart'))?.metadata.resourceVersion, version);
    await complete('restart');
  });

  await t.test('goes on when the API server is killed and comes back', async (t) => {
    startController(t, client);
    await create('outage', { schedule: { states: 2 }, execution: { maxParallel: 1 }, sampling: { count: 5 } });
    await prepare('outage');
    await until('one model trains', async () => (await modelsOf('outage')).length === 1);
    await environment.restartApiServer();
    await complete('outage');
    assert.equal((await jobsOf('outage')).length, 6);
  });

  await t.test('suspends and resumes a Job without touching its template', async (t) => {
    startController(t, client);
    const run = await create('paused', { schedule: { states: 1 }, sampling: { count: 5 } });
    await prepare('paused');
    const [job] = await until('a model trains', async () => {
      const jobs = await modelsOf('paused');
      return jobs.length === 1 ? jobs : undefined;
    });
    const suspended = async () =>
      part<{ suspend?: boolean }>(await client.get(types.job, namespace, job?.metadata.name ?? ''), 'spec').suspend ===
      true;
    // Applied, as kubectl does: the operator may write the status at any moment.
    const { apiVersion, kind, metadata } = run;
    const setSuspend = (suspend: boolean) =>
      client.apply(
        types.run,
        { apiVersion, kind, metadata: { namespace, name: metadata.name }, spec: { ...(run.spec as object), suspend } },
        { fieldManager: 'test' },
      );
    await setSuspend(true);
    await until('the Job is suspended', suspended);
    await until('the run says so', async () => (await statusOf('paused'))?.phase === 'Suspended');
    await setSuspend(false);
    await until('the Job goes on', async () => !(await suspended()));
    assert.equal((await client.get(types.job, namespace, job?.metadata.name ?? ''))?.metadata.uid, job?.metadata.uid);
  });

  await t.test('leaves a Job alone that is somebody else’s, and says so', async (t) => {
    const errors: string[] = [];
    const logger = { ...silent, error: (details: object) => errors.push(JSON.stringify(details)) };
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { namespace, name: 'taken-checkpoints' },
      spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
    };
    const theirs = await client.create(types.claim, claim);
    await create('taken', { schedule: { states: 1 } });
    startController(t, client, { logger });
    await until('it complains', async () => errors.some((text) => text.includes('belongs to somebody else')));
    const claimNow = await client.get(types.claim, namespace, 'taken-checkpoints');
    assert.equal(claimNow?.metadata.uid, theirs.metadata.uid);
    assert.equal(claimNow?.metadata.ownerReferences, undefined);
    assert.equal((await until('the run says so', () => stalledOf('taken'))).reason, 'ChildRefused');
  });

  await t.test(
    'names a field of a pod template that Kubernetes does not know, and makes no Job without it',
    async (t) => {
      startController(t, client);
      const podTemplate = { spec: { nodeSelecter: { gpu: 'h100' } } };
      await create('unknown', { schedule: { states: 1 }, execution: { podTemplate } });
      const stalled = await until('it says so', () => stalledOf('unknown'));
      assert.equal(stalled.reason, 'InvalidSpec');
      assert.match(stalled.message, /spec\.execution\.podTemplate\.spec.*nodeSelecter.*nodeSelector/);
      assert.deepEqual(await jobsOf('unknown'), []);
    },
  );

  await t.test('names what the server does not take of a pod template, and makes no Job without it', async (t) => {
    startController(t, client);
    const podTemplate = { spec: { tolerations: [untaken] } };
    await create('misspelt', { schedule: { states: 1 }, execution: { podTemplate } });
    const stalled = await until('it says so', () => stalledOf('misspelt'));
    assert.equal(stalled.reason, 'ChildRefused');
    assert.match(stalled.message, /spec\.template\.spec\.tolerations\[0\]/);
    assert.deepEqual(await jobsOf('misspelt'), []);
  });

  await t.test(
    'names what the namespace forbids of a pod template, and makes the Job when that is mended',
    async (t) => {
      const level = (value: string) =>
        client.apply(
          types.namespace,
          {
            apiVersion: 'v1',
            kind: 'Namespace',
            metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': value } },
          },
          { fieldManager: 'test' },
        );
      await level('baseline');
      t.after(() => level('privileged'));
      startController(t, client);
      await create('forbidden', {
        schedule: { states: 1 },
        execution: { steps: { prepare: { podTemplate: { spec: { hostNetwork: true } } } } },
      });
      const stalled = await until('it says so', () => stalledOf('forbidden'));
      assert.equal(stalled.reason, 'PodSecurity');
      assert.match(stalled.message, /level baseline.*spec\.hostNetwork must not be true/);
      const { phase, reason } = (await statusOf('forbidden')) as { phase?: string; reason?: string };
      assert.deepEqual([phase, reason, await jobsOf('forbidden')], ['Blocked', 'PodSecurity', []]);
      const { spec } = withSpec({ schedule: { states: 1 } });
      await until('the run is mended', async () => {
        const run = await client.get(types.run, namespace, 'forbidden');
        return run && client.replace(types.run, { ...run, spec }).catch(() => undefined); // its status may be written now
      });
      await until('the Job is there', async () => (await jobsOf('forbidden')).length === 1);
      await until('it is not stalled', async () => (await stalledOf('forbidden')) === undefined);
    },
  );

  await t.test(
    'a model that the server refuses holds no slot, is named, and is made when it is corrected',
    async (t) => {
      startController(t, client);
      const spec = (podTemplate: object) => ({
        schedule: { states: 2 },
        execution: { maxParallel: 1 },
        sampling: { count: 5 },
        overrides: [{ states: '0', podTemplate }],
      });
      const run = await create('refused', spec({ spec: { tolerations: [untaken] } }));
      await prepare('refused');
      const [other] = await until('the other model is made', async () => {
        const models = await modelsOf('refused');
        return models.length > 0 ? models : undefined;
      });
      assert.equal(other?.metadata.labels?.[labels.model], '1');
      const stalled = await until('it says so', () => stalledOf('refused'));
      assert.match(stalled.message, /refused-m0-.*tolerations/);
      await finishJob(client, other as KubeObject);
      await until('only it is left', async () => (await statusOf('refused'))?.phase === 'Blocked');
      const { apiVersion, kind } = run;
      await client.apply(
        types.run,
        { apiVersion, kind, metadata: { namespace, name: 'refused' }, spec: withSpec(spec({})).spec },
        { fieldManager: 'test' },
      );
      await complete('refused');
      assert.equal(await stalledOf('refused'), undefined);
    },
  );

  await t.test('makes a claim with each model, collects models in waves, and gives the claims back', async (t) => {
    startController(t, client);
    const claimsOf = async () =>
      (await client.list(types.claim, { namespace, labelSelector: `${labels.run}=apart` })).items;
    await create('apart', {
      schedule: { states: 3 },
      execution: { maxParallel: 2, aggregation: { claimsPerWave: 2 } },
      sampling: { count: 5, shards: 2 },
      checkpoints: {
        volume: { perModel: { size: '1Gi', storageClassName: '', whenBundled: 'Delete', whenDeleted: 'Delete' } },
      },
    });
    await prepare('apart');
    await until('two models train', async () => (await modelsOf('apart')).length === 2);
    const [own, ...two] = (await claimsOf()).toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    assert.equal(own?.metadata.name, 'apart-checkpoints');
    assert.deepEqual(
      two.map(({ metadata }) => metadata.labels?.[labels.model]),
      ['0', '1'],
    );
    for (const claim of [own, ...two]) {
      const spec = part<{ accessModes: string[]; storageClassName: string }>(claim, 'spec');
      assert.deepEqual([spec.accessModes, spec.storageClassName], [['ReadWriteOnce'], '']);
      assert.equal(claim.metadata.ownerReferences?.[0]?.name, 'apart');
    }
    await complete('apart');
    const jobs = await jobsOf('apart');
    const claimNames = (job: KubeObject) =>
      part<{ template: { spec: { volumes: { persistentVolumeClaim?: { claimName: string } }[] } } }>(job, 'spec')
        .template.spec.volumes.flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? [])
        .filter((name) => name.startsWith('apart-'));
    const waves = jobs.filter(({ metadata }) => metadata.name.startsWith('apart-collect-'));
    assert.deepEqual(
      waves.map((job) => claimNames(job).length).toSorted(),
      [2, 3],
      'the claim of the run, and those of the wave',
    );
    const [sampling] = jobs.filter(({ metadata }) => metadata.labels?.[labels.component] === 'sample');
    assert.equal(part<{ parallelism: number }>(sampling, 'spec').parallelism, 1);
    const kept = async () => (await claimsOf()).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    await until('the claims of models go', async () => (await kept()).length === 1);
    assert.equal((await kept())[0]?.metadata.name, 'apart-checkpoints');
  });

  await t.test(
    'a claim outlives its run, the next run of the name takes it up, and goes with it if asked to',
    async (t) => {
      startController(t, client);
      const claimOf = async () => (await client.get(types.claim, namespace, 'heir-checkpoints'))?.metadata;
      const shared = (fields: object) => ({ checkpoints: { volume: { shared: { size: '1Gi', ...fields } } } });
      const first = await create('heir', shared({}));
      const made = await until('the claim is made', claimOf);
      assert.equal(made.ownerReferences, undefined);
      await client.delete(types.run, namespace, 'heir');
      // There is no garbage collector here: what it would do is done by hand.
      const free = async (type: typeof types.run | typeof types.job, name: string) => {
        const object = await client.get(type, namespace, name);
        if (object !== undefined)
          await client.replace(type, { ...object, metadata: { ...object.metadata, finalizers: [] } as ObjectMeta });
      };
      for (const { metadata } of await jobsOf('heir')) {
        await client.delete(types.job, namespace, metadata.name);
        await free(types.job, metadata.name);
      }
      await free(types.run, 'heir');
      const second = await create('heir', { ...shared({ whenDeleted: 'Delete' }), sampling: { count: 6 } });
      assert.notEqual(second.metadata.uid, first.metadata.uid);
      const taken = await until('the claim is its', async () => {
        const claim = await claimOf();
        return claim?.ownerReferences?.[0]?.uid === second.metadata.uid ? claim : undefined;
      });
      assert.equal(taken.uid, made.uid);
      await client.apply(
        types.run,
        {
          apiVersion: second.apiVersion,
          kind: second.kind,
          metadata: { namespace, name: 'heir' },
          spec: withSpec(shared({ whenDeleted: 'Retain' })).spec,
        },
        { fieldManager: 'test' },
      );
      await until('it is to stay', async () => (await claimOf())?.ownerReferences === undefined);
      assert.equal((await claimOf())?.uid, made.uid);
    },
  );

  await t.test('of two candidates one leads; the other follows when it leaves', async () => {
    const candidate = (identity: string) =>
      new LeaderElection({ client, namespace, name: 'test-lease', identity, clock: systemClock, logger: silent });
    const [first, second] = [candidate('a'), candidate('b')];
    assert.equal(await first.lead(() => assert.fail('lost')), true);
    const waiting = second.lead(() => assert.fail('lost'));
    await wait(2500);
    assert.equal(
      part<{ holderIdentity: string }>(await client.get(leaseType, namespace, 'test-lease'), 'spec').holderIdentity,
      'a',
    );
    await first.release();
    assert.equal(await waiting, true);
    await second.release();
  });
});
