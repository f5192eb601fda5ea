// What takes the operator or its API server away altogether:
//   DDR_FAULT_SEEDS=1,2,3 node --test test/fault/operator/outages.test.ts
import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { ApiClient } from '../../../src/operator/kube/apiClient.ts';
import { leaseType } from '../../../src/operator/kube/leaderElection.ts';
import { installCrd } from '../../apiserver/crd.ts';
import { type Environment, skip, startEnvironment } from '../../apiserver/envtest.ts';
import { temporaryFolder } from '../../helpers/folder.ts';
import { chance } from './faultPlan.ts';
import { FaultProxy, type Write } from './faultProxy.ts';
import { type Ends, Theatre } from './oracle.ts';
import { Replica } from './replica.ts';
import { type Story, stories } from './stories.ts';

const seeds = (process.env.DDR_FAULT_SEEDS ?? '1').split(',').map(Number);
/** Seconds in which everything has to be over. */
const limit = 150;

/** Stories of these names. */
const some = (...names: string[]): Story[] => stories.filter(({ run }) => names.includes(run.metadata.name));

test('an operator that is killed, paused or cut off brings runs to the end of the undisturbed one', {
  skip,
}, async (t) => {
  let environment: Environment;
  let client: ApiClient;
  let proxy: FaultProxy;
  let count = 0;
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

  /** Plays stories with some replicas of the operator, which all end with the test. */
  async function stage(t: TestContext, told: readonly Story[], replicaCount: number) {
    const namespace = `outage-${++count}`;
    const theatre = new Theatre(client, namespace, told);
    const folder = temporaryFolder(t);
    const replicas: Replica[] = [];
    for (let i = 0; i < replicaCount; i++) {
      const name = `${namespace}-${'ab'[i]}`;
      const kubeconfig = proxy.kubeconfigFor(name);
      replicas.push(await Replica.start({ name, folder, kubeconfig, namespace, leaderElection: replicaCount > 1 }));
    }
    t.after(async () => {
      proxy.gate = {};
      for (const replica of replicas) await replica.stop();
      await theatre.cluster.stop();
    });
    return { theatre, replicas, namespace };
  }

  /** Plays on to the end, which has to be that of the undisturbed run, with nothing made twice. */
  async function finish(theatre: Theatre, replicas: readonly Replica[], expected: Ends): Promise<void> {
    const ends = await theatre.play(expected, limit);
    assert.deepEqual(ends, expected, replicas.map(({ log }) => log).join('\n'));
    assert.deepEqual(theatre.cluster.doubled, []);
    const again = Object.entries(theatre.creations()).filter(([, made]) => made > 1);
    assert.deepEqual(again, []);
  }

  const expected: Record<string, Ends> = {};
  /** What stories come to when nothing disturbs them; each group once. */
  async function undisturbed(t: TestContext, told: readonly Story[]): Promise<Ends> {
    const { theatre, replicas } = await stage(t, told, 1);
    await theatre.begin();
    const ends = await theatre.play(undefined, limit);
    assert.ok(theatre.isOver(ends), replicas[0]?.log);
    await replicas[0]?.stop();
    return ends;
  }

  await t.test('undisturbed', async (t) => {
    expected.killed = await undisturbed(t, some('narrow'));
    expected.many = await undisturbed(t, some('wide', 'paused', 'edited'));
  });

  for (const seed of seeds) {
    await t.test(`seed ${seed}: killed before or after each of its writes`, async (t) => {
      const { theatre, replicas } = await stage(t, some('narrow'), 1);
      const [replica] = replicas;
      assert.ok(replica !== undefined);
      const killed = { before: 0, after: 0 };
      const seen = new Map<string, number>();
      let dying = false;
      /** Kills once at each write of a child, and at the first writes of the status. */
      const isDue = async (write: Write, when: 'before' | 'after') => {
        const what = `${write.method} ${write.path} ${write.name}`;
        if (write.path.endsWith('/events') || dying) return false;
        if (when === 'before') seen.set(what, (seen.get(what) ?? 0) + 1);
        const times = seen.get(what) ?? 0;
        const most = write.path.endsWith('/status') ? 4 : 1;
        if (times > most || (chance(seed, what, times) < 0.5 ? 'before' : 'after') !== when) return false;
        dying = true;
        killed[when]++;
        void replica.kill().then(() => {
          dying = false;
        });
        return true;
      };
      proxy.gate = {
        arrived: async (write) => !(await isDue(write, 'before')),
        answered: async (write) => void (await isDue(write, 'after')),
      };
      await theatre.begin();
      await finish(theatre, replicas, expected.killed ?? {});
      t.diagnostic(`seed ${seed}: killed ${killed.before} times before a write and ${killed.after} times after one`);
      assert.ok(killed.before + killed.after >= 12, 'at every child');
    });
  }

  await t.test('the API server is killed, its history is compacted, and it comes back', async (t) => {
    const { theatre, replicas } = await stage(t, some('wide', 'paused', 'edited'), 1);
    await theatre.begin();
    while (!proxy.writes.some(({ who }) => who === replicas[0]?.name)) await wait(100);
    for (let i = 0; i < 2; i++) {
      await wait(3000);
      await environment.restartApiServer({ compact: true });
    }
    await finish(theatre, replicas, expected.many ?? {});
    assert.equal(replicas[0]?.ends, 0, 'it need not be started again');
  });

  await t.test('a leader that is paused for longer than its lease writes nothing when it wakes up', async (t) => {
    const { theatre, replicas, namespace } = await stage(t, some('wide', 'paused', 'edited'), 2);
    await theatre.begin();
    const holder = async () => {
      const lease = await client.get(leaseType, namespace, 'disentangled-diffusion-operator');
      return (lease?.spec as { holderIdentity?: string } | undefined)?.holderIdentity;
    };
    const leader = async (other?: Replica) => {
      for (let i = 0; i < 400; i++, await wait(100)) {
        const name = await holder();
        const found = replicas.find((each) => each.name === name && each !== other);
        if (found !== undefined) return found;
      }
      throw new Error('nobody leads');
    };
    const first = await leader();
    await wait(1500);
    first.signal('SIGSTOP');
    const second = await leader(first);
    await wait(1000);
    const woken = Date.now();
    first.signal('SIGCONT');
    await finish(theatre, replicas, expected.many ?? {});
    const late = proxy.writes.filter(
      ({ who, at, path }) => who === first.name && at >= woken && !path.includes('/leases'),
    );
    assert.deepEqual(late, [], 'it does not lead any more');
    assert.equal(first.ends, 1, 'it has ended, and follows now');
    assert.ok(proxy.writes.some(({ who, at }) => who === second.name && at >= woken));
  });
});
