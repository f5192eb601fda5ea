import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { labels } from '../../src/api/names.ts';
import { parseRun } from '../../src/api/run.ts';
import { MemoryCluster } from '../../src/local/memoryCluster.ts';
import { Objects } from '../../src/local/objects.ts';
import type { ApiError, Cluster, KubeObject } from '../../src/operator/kube/cluster.ts';
import { prepareAddress } from '../../src/operator/plan/identity.ts';
import { createRunController } from '../../src/operator/runController.ts';
import { types } from '../../src/operator/types.ts';
import { ManualClock, silent } from './manualClock.ts';
import { withSpec } from './runs.ts';

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

/** A controller of one run, over a cluster in memory. @param status of the run; one that knows the data unless said otherwise */
export function startController(t: TestContext, spec: Record<string, unknown>, status: object = preparedStatus(spec)) {
  const clock = new ManualClock();
  const objects = new Objects(() => clock.now());
  const cluster = new Refusing(objects, clock);
  const controller = createRunController({
    cluster,
    clock,
    random: () => 0,
    logger: silent,
    settings: { trainerImage: 'trainer:test' },
    metrics: { reconciled: () => {}, active: () => {} },
    workers: 2,
    instance: 'test',
  });
  t.after(() => Promise.all([controller.stop(), clock.advance(60_000)]));
  const run = withSpec(spec);
  const phases = new Set<string | undefined>();
  const begin = ({ leading = true } = {}) => {
    objects.subscribe(types.run, ({ object }) => phases.add((object.status as { phase?: string })?.phase));
    const metadata = { ...run.metadata, namespace: 'n' };
    objects.create(types.run, { ...run, metadata, status });
    controller.watch();
    if (leading) controller.start();
  };
  const models = () => objects.list(types.job).map(({ metadata }) => metadata.labels?.[labels.model]);
  const stalled = () => {
    const { conditions = [] } = (objects.get(types.run, `n/${run.metadata.name}`)?.status ?? {}) as {
      conditions?: { type: string; status: string; reason: string; message: string }[];
    };
    return conditions.find(({ type }) => type === 'Stalled');
  };
  return { clock, objects, cluster, controller, begin, models, stalled, phases };
}
