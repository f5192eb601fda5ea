import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryCluster } from '../../../../src/local/memoryCluster.ts';
import { Objects } from '../../../../src/local/objects.ts';
import { LeaderElection, leaseType } from '../../../../src/operator/kube/leaderElection.ts';
import { ManualClock, settle, silent } from '../../../helpers/manualClock.ts';

/** A cluster that can be cut off from one candidate. */
class Connection extends MemoryCluster {
  cut = false;
  override async get(...args: Parameters<MemoryCluster['get']>) {
    if (this.cut) throw new Error('no route to host');
    return super.get(...args);
  }
}

function candidates(count: number) {
  const clock = new ManualClock();
  const objects = new Objects(() => clock.now());
  const leading = new Set<number>();
  const all = Array.from({ length: count }, (_, i) => {
    const cluster = new Connection(objects, clock);
    const election = new LeaderElection({
      cluster,
      namespace: 'n',
      name: 'lease',
      identity: `c${i}`,
      clock,
      logger: silent,
    });
    void election.lead(() => leading.delete(i)).then((leads) => leads && leading.add(i));
    return { cluster, election };
  });
  const lease = () =>
    objects.get(leaseType, 'n/lease')?.spec as { holderIdentity: string; renewTime: string; leaseTransitions: number };
  return { clock, leading, all, lease };
}

test('one of several leads, and keeps leading', async () => {
  const { clock, leading, all, lease } = candidates(3);
  await settle();
  assert.deepEqual([...leading], [0]);
  await clock.advance(120_000);
  assert.deepEqual([...leading], [0]);
  assert.equal(lease().leaseTransitions, 0);
  assert.match(lease().renewTime, /\.\d{6}Z$/, 'MicroTime has six digits');
  for (const { election } of all) await Promise.all([election.release(), clock.advance(5000)]);
});

test('a released lease is taken at once', async () => {
  const { clock, leading, all } = candidates(2);
  await settle();
  await Promise.all([all[0]?.election.release(), clock.advance(3000)]);
  await clock.advance(3000);
  assert.ok(leading.has(1));
  await Promise.all([all[1]?.election.release(), clock.advance(5000)]);
});

test('a leader that is cut off stops before another starts', async () => {
  const { clock, leading, all, lease } = candidates(2);
  await settle();
  const [first, second] = all;
  if (first === undefined || second === undefined) throw new Error('two candidates');
  first.cluster.cut = true;
  let both = false;
  let nobodyAt = 0;
  for (let second = 1; second <= 40; second++) {
    await clock.advance(1000);
    both ||= leading.size > 1;
    if (leading.size === 0 && nobodyAt === 0) nobodyAt = second;
  }
  assert.equal(both, false, 'never two at once');
  assert.ok(nobodyAt > 0 && nobodyAt <= 14, `the first stopped after ${nobodyAt} s`);
  assert.deepEqual([...leading], [1]);
  assert.equal(lease().leaseTransitions, 1);
  await Promise.all([second.election.release(), clock.advance(5000)]);
});
