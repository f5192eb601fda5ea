import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { labels } from '../../../src/api/names.ts';
import { parseRun } from '../../../src/api/run.ts';
import type { RunStatus } from '../../../src/api/status.ts';
import { MemoryCluster } from '../../../src/local/memoryCluster.ts';
import { Objects } from '../../../src/local/objects.ts';
import { type Clock, sleep } from '../../../src/operator/kube/clock.ts';
import { ApiError, type Cluster, type KubeObject } from '../../../src/operator/kube/cluster.ts';
import { prepareAddress } from '../../../src/operator/plan/identity.ts';
import { createRunController } from '../../../src/operator/runController.ts';
import { types } from '../../../src/operator/types.ts';
import { ManualClock, silent } from '../../helpers/manualClock.ts';
import { withSpec } from '../../helpers/runs.ts';

/** A cluster that refuses to create what a test says. */
class Refusing extends MemoryCluster {
  refuse: (object: KubeObject) => ApiError | undefined = () => undefined;
  /** Milliseconds that the creation of a child takes, and when each was created. */
  answerMs = 0;
  createdAt: number[] = [];
  readonly #clock: Clock;

  constructor(objects: Objects, clock: Clock) {
    super(objects, clock);
    this.#clock = clock;
  }

  override async create(...args: Parameters<Cluster['create']>) {
    if (args[1].kind !== 'Event') assert.equal(args[2]?.strict, true, 'children are created with strict validation');
    const refusal = this.refuse(args[1]);
    if (refusal !== undefined) throw refusal;
    if (args[1].kind === 'Job' && this.answerMs > 0) await sleep(this.#clock, this.answerMs);
    if (args[1].kind === 'Job') this.createdAt.push(this.#clock.now());
    return super.create(args[0], args[1]);
  }
}

/** A status that knows the data of a run: it need not prepare them. */
function preparedStatus(spec: Record<string, unknown>) {
  const preparedBy = prepareAddress(parseRun(withSpec(spec)).spec);
  return { dataset: { preparedBy, path: 'datasets/d', digest: 'd'.repeat(64), count: 9, leftOut: 0, broken: 0 } };
}

function start(t: TestContext, spec: Record<string, unknown>, status: object = preparedStatus(spec)) {
  const clock = new ManualClock();
  const objects = new Objects(() => clock.now());
  const cluster = new Refusing(objects, clock);
  let looks = 0;
  const waited: number[] = [];
  const controller = createRunController({
    cluster,
    clock,
    random: () => 0,
    logger: silent,
    settings: { trainerImage: 'trainer:test' },
    metrics: {
      reconciled: () => looks++,
      active: () => {},
      waited: (seconds) => waited.push(seconds),
      missed: () => assert.fail('nothing is missed'),
    },
    workers: 2,
    instance: 'test',
  });
  t.after(() => Promise.all([controller.stop(), clock.advance(60_000)]));
  const run = withSpec(spec);
  const phases = new Set<string | undefined>();
  /** Each status that was written, and when. */
  const statuses: { at: number; pending: number | undefined }[] = [];
  const begin = () => {
    objects.subscribe(types.run, ({ type, object }) => {
      const { phase, models } = object.status as RunStatus;
      phases.add(phase);
      if (type === 'MODIFIED') statuses.push({ at: clock.now(), pending: models?.pending });
    });
    const metadata = { ...run.metadata, namespace: 'n' };
    objects.create(types.run, { ...run, metadata, status });
    controller.watch();
    controller.start();
  };
  const models = () => objects.list(types.job).map(({ metadata }) => metadata.labels?.[labels.model]);
  const stalled = () => {
    const { conditions = [] } = (objects.get(types.run, `n/${run.metadata.name}`)?.status ?? {}) as {
      conditions?: { type: string; status: string; reason: string; message: string }[];
    };
    return conditions.find(({ type }) => type === 'Stalled');
  };
  return { clock, cluster, begin, models, stalled, phases, statuses, looks: () => looks, waited };
}

test('a conflict that is not about the name is tried again', async (t) => {
  const { clock, cluster, begin, models } = start(t, { schedule: { states: 1 } });
  cluster.refuse = ({ kind }) =>
    kind === 'Job' ? new ApiError(409, 'Conflict', 'Operation cannot be fulfilled on resourcequotas "q"') : undefined;
  begin();
  await clock.advance(1000);
  assert.deepEqual(models(), []);
  cluster.refuse = () => undefined;
  await clock.advance(60_000);
  assert.deepEqual(models(), ['0']);
});

test('a child that is refused is named, and keeps no other from being created', async (t) => {
  const { clock, cluster, begin, models, stalled } = start(t, {
    schedule: { states: 40 },
    execution: { maxParallel: 40 },
  });
  cluster.refuse = ({ metadata }) =>
    metadata.labels?.[labels.model] === '3' ? new ApiError(422, 'Invalid', 'spec.template is wrong') : undefined;
  begin();
  await clock.advance(50);
  assert.equal(models().length, 39);
  assert.deepEqual([stalled()?.status, stalled()?.reason], ['True', 'ChildRefused']);
  assert.match(stalled()?.message ?? '', /spec\.template is wrong/);
});

test('a status that cannot be read is written anew; it does not make the spec a wrong one', async (t) => {
  const { clock, begin, models, phases } = start(t, { schedule: { states: 1 } }, { phase: 'Dancing' });
  begin();
  await clock.advance(1000);
  assert.deepEqual(models(), [undefined], 'the Job that prepares the data');
  assert.deepEqual([...phases], ['Dancing', 'Pending', 'Preparing']);
});

test('a status does not wait for its children: it comes first, counts them while they are created, and is written once a second', async (t) => {
  const states = 300;
  const answerMs = 100;
  const { clock, cluster, begin, models, statuses } = start(t, {
    schedule: { states },
    execution: { maxParallel: states },
  });
  cluster.answerMs = answerMs;
  const began = clock.now();
  begin();
  let seconds = 0;
  for (; models().length < states && seconds < 10; seconds++) await clock.advance(1000);
  await clock.advance(2000);
  const [first] = statuses;
  assert.ok(first !== undefined && first.at - began < 1000);
  const bareLoop = (states / 16) * answerMs;
  const created = Math.max(...cluster.createdAt) - began;
  assert.ok(created < bareLoop / 0.8, `${created} ms, a bare loop ${bareLoop} ms`);
  const counts = statuses.map(({ pending }) => pending);
  assert.ok(new Set(counts).size >= 3, counts.join());
  assert.equal(counts.at(-1), 0);
  const gaps = statuses.slice(1).map(({ at }, i) => at - (statuses[i]?.at ?? 0));
  assert.ok(
    gaps.every((gap) => gap >= 1000),
    gaps.join(),
  );
});

test('many events are one look, and each of them is looked at soon', async (t) => {
  const { clock, cluster, begin, looks, waited } = start(t, { schedule: { states: 10 } });
  begin();
  await clock.advance(5000);
  const before = looks();
  const [job] = (await cluster.list(types.job, {})).items;
  for (let i = 0; i < 100; i++) {
    await cluster.apply(
      types.job,
      { ...(job as KubeObject), status: { active: i } },
      { fieldManager: 'test', subresource: 'status' },
    );
    await clock.advance(10);
  }
  await clock.advance(1000);
  assert.ok(looks() - before <= 6, `${looks() - before} looks in a second`);
  assert.ok(Math.max(...waited) <= 0.2, `${Math.max(...waited)} s`);
});
