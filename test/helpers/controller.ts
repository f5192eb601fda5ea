import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { labels } from '../../src/api/names.ts';
import { parseRun } from '../../src/api/run.ts';
import type { RunStatus } from '../../src/api/status.ts';
import { MemoryClient } from '../../src/local/memoryClient.ts';
import { Objects } from '../../src/local/objects.ts';
import type { ApiError, Client, KubeObject } from '../../src/operator/kube/client.ts';
import { type Clock, sleep } from '../../src/operator/kube/clock.ts';
import { prepareAddress } from '../../src/operator/plan/identity.ts';
import { createRunController } from '../../src/operator/runController.ts';
import { types } from '../../src/operator/types.ts';
import { ManualClock, silent } from './manualClock.ts';
import { withSpec } from './runs.ts';

/** A cluster that refuses to create what a test says, or is slow to. */
class Refusing extends MemoryClient {
  refuse: (object: KubeObject) => ApiError | undefined = () => undefined;
  /** Milliseconds that the creation of a Job takes, and when each was created. */
  answerMs = 0;
  createdAt: number[] = [];
  readonly #clock: Clock;

  constructor(objects: Objects, clock: Clock) {
    super(objects, clock);
    this.#clock = clock;
  }

  override async create(...args: Parameters<Client['create']>) {
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

/** A controller of one run, over a cluster in memory. @param status of the run; one that knows the data unless said otherwise */
export function startController(t: TestContext, spec: Record<string, unknown>, status: object = preparedStatus(spec)) {
  const clock = new ManualClock();
  const objects = new Objects(() => clock.now());
  const client = new Refusing(objects, clock);
  let looks = 0;
  const waited: number[] = [];
  const controller = createRunController({
    client,
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
  const begin = ({ leading = true } = {}) => {
    objects.subscribe(types.run, ({ type, object }) => {
      const { phase, models } = object.status as RunStatus;
      phases.add(phase);
      if (type === 'MODIFIED') statuses.push({ at: clock.now(), pending: models?.pending });
    });
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
  return { clock, objects, client, controller, begin, models, stalled, phases, statuses, looks: () => looks, waited };
}
