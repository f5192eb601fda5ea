// What stands between operator and API server loses, delays, repeats and refuses, by seeds:
//   DDR_FAULT_SEEDS=1,2,3 node --test test/fault/operator/faults.test.ts
import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { ApiClient } from '../../../src/operator/kube/apiClient.ts';
import { installCrd } from '../../apiserver/crd.ts';
import { type Environment, skip, startEnvironment } from '../../apiserver/envtest.ts';
import { temporaryFolder } from '../../helpers/folder.ts';
import { FaultPlan } from './faultPlan.ts';
import { FaultProxy } from './faultProxy.ts';
import { type Ends, Theatre } from './oracle.ts';
import { Replica } from './replica.ts';
import { stories } from './stories.ts';
import { type Outcome, summaryOf } from './summary.ts';

const seeds = (process.env.DDR_FAULT_SEEDS ?? '1,2').split(',').map(Number);
/** Seconds that the stories of a seed may take; undisturbed it is a tenth of it. */
const limit = 240;

test('under faults runs come to the end of the undisturbed one', { skip }, async (t) => {
  let environment: Environment;
  let client: ApiClient;
  let proxy: FaultProxy;
  before(async () => {
    environment = await startEnvironment();
    client = environment.connect();
    await installCrd(client);
    proxy = await FaultProxy.start(environment.kubeconfig);
  });
  after(async () => {
    await proxy.stop();
    await client.close();
    await environment.stop();
  });

  /** Plays all stories in a namespace. */
  async function play(t: TestContext, namespace: string, plan: FaultPlan | undefined, expected: Ends | undefined) {
    const theatre = new Theatre(client, namespace, stories);
    proxy.plan = plan;
    const started = performance.now();
    const folder = temporaryFolder(t);
    const kubeconfig = proxy.kubeconfigFor(namespace);
    const replica = await Replica.start({ name: namespace, folder, kubeconfig, namespace, leaderElection: false });
    try {
      await theatre.begin();
      const ends = await theatre.play(expected, limit);
      return { theatre, ends, replica, seconds: (performance.now() - started) / 1000 };
    } finally {
      proxy.plan = undefined;
      await replica.stop();
      await theatre.cluster.stop();
    }
  }

  let calm: { ends: Ends; creations: Record<string, number> } | undefined;
  await t.test('undisturbed', async (t) => {
    const { theatre, ends, replica, seconds } = await play(t, 'calm', undefined, undefined);
    assert.ok(theatre.isOver(ends), JSON.stringify(ends, undefined, 1) + replica.log);
    t.diagnostic(`undisturbed: ${seconds.toFixed(0)} s`);
    calm = { ends, creations: theatre.creations() };
  });

  const outcomes: Outcome[] = [];
  for (const seed of seeds) {
    await t.test(`seed ${seed}`, async (t) => {
      assert.ok(calm !== undefined, 'there is nothing to compare with');
      const plan = new FaultPlan(seed);
      const { theatre, ends, replica, seconds } = await play(t, `seed-${seed}`, plan, calm.ends);
      const writes = proxy.writes.filter(({ who }) => who === theatre.namespace);
      const creations = theatre.creations();
      const again = Object.entries(creations).filter(([name, count]) => count > (calm?.creations[name] ?? 1));
      const found = [
        ...Object.keys(calm.ends)
          .filter((name) => !isDeepStrictEqual(ends[name], calm?.ends[name]))
          .map((name) => `${name} ends otherwise`),
        ...theatre.cluster.doubled.map((what) => `doubled: ${what}`),
        ...again.map(([name, count]) => `${name} was made ${count} times`),
      ];
      const models = stories.reduce((sum, story) => sum + story.models, 0);
      outcomes.push({ seed, plan, seconds, models, writes, found });
      if (found.length > 0) t.diagnostic([`seed ${seed}`, ...found, ...plan.log, replica.log].join('\n'));
      assert.deepEqual(ends, calm.ends);
      assert.deepEqual(found, []);
    });
  }
  console.log(summaryOf(outcomes));
});

test('the same seed does the same to a request, whatever comes between', () => {
  const decisions = (plan: FaultPlan, between: number) =>
    Array.from({ length: 200 }, () => {
      for (let i = 0; i < between; i++) plan.decide('read', 'GET /other');
      return plan.decide('write', 'POST /jobs/a');
    });
  assert.deepEqual(decisions(new FaultPlan(1), 0), decisions(new FaultPlan(1), 3));
  assert.notDeepEqual(decisions(new FaultPlan(1), 0), decisions(new FaultPlan(2), 0));
});
