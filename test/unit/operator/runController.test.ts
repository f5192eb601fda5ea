import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { labels } from '../../../src/api/names.ts';
import { parseRun } from '../../../src/api/run.ts';
import { MemoryCluster } from '../../../src/local/memoryCluster.ts';
import { Objects } from '../../../src/local/objects.ts';
import { ApiError, type Cluster, type KubeObject } from '../../../src/operator/kube/cluster.ts';
import { prepareAddress } from '../../../src/operator/plan/identity.ts';
import { createRunController } from '../../../src/operator/runController.ts';
import { types } from '../../../src/operator/types.ts';
import { ManualClock, silent } from '../../helpers/manualClock.ts';
import { withSpec } from '../../helpers/runs.ts';

/** A cluster that refuses to create what a test says. */
class Refusing extends MemoryCluster {
  refuse: (object: KubeObject) => ApiError | undefined = () => undefined;

  override async create(...args: Parameters<Cluster['create']>) {
    if (args[1].kind !== 'Event') assert.equal(args[2]?.strict, true, 'children are created with strict validation');
    const refusal = this.refuse(args[1]);
    if (refusal !== undefined) throw refusal;
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
  const controller = createRunController({
    cluster,
    clock,
    random: () => 0,
    logger: silent,
    settings: { trainerImage: 'trainer:test' },
    metrics: { reconciled: () => {}, active: () => {}, waited: () => {}, missed: () => {} },
    workers: 2,
    instance: 'test',
  });
  t.after(() => Promise.all([controller.stop(), clock.advance(60_000)]));
  const run = withSpec(spec);
  const phases = new Set<string | undefined>();
  const begin = () => {
    objects.subscribe(types.run, ({ object }) => phases.add((object.status as { phase?: string })?.phase));
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
  return { clock, cluster, begin, models, stalled, phases };
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
