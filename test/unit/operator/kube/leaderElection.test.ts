import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryClient } from '../../../../src/local/memoryClient.ts';
import { Objects } from '../../../../src/local/objects.ts';
import { sleep } from '../../../../src/operator/kube/clock.ts';
import { LeaderElection, leaseTimes, leaseType } from '../../../../src/operator/kube/leaderElection.ts';
import { ManualClock, settle, silent } from '../../../helpers/manualClock.ts';

/** A cluster that can be cut off from one candidate. */
class Connection extends MemoryClient {
  cut = false;
  /** Milliseconds until a call is answered. */
  delay = 0;
  hung = false;
  readonly #time: ManualClock;

  constructor(objects: Objects, clock: ManualClock) {
    super(objects, clock);
    this.#time = clock;
  }

  override async replace(...args: Parameters<MemoryClient['replace']>) {
    const replaced = await super.replace(...args);
    if (this.delay > 0) await sleep(this.#time, this.delay); // written, but the answer is slow
    return replaced;
  }

  override async get(...args: Parameters<MemoryClient['get']>) {
    if (this.hung) return new Promise<never>(() => {}); // packets go nowhere, and no answer says so
    if (this.cut) throw new Error('no route to host');
    return super.get(...args);
  }
}

function candidates(count: number) {
  const clock = new ManualClock();
  const objects = new Objects(() => clock.now());
  const leading = new Set<number>();
  const all = Array.from({ length: count }, (_, i) => {
    const client = new Connection(objects, clock);
    const election = new LeaderElection({
      client,
      namespace: 'n',
      name: 'lease',
      identity: `c${i}`,
      clock,
      logger: silent,
    });
    void election.lead(() => leading.delete(i)).then((leads) => leads && leading.add(i));
    return { client, election };
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

const isolations: [string, (client: Connection) => void][] = [
  ['is cut off', (client) => Object.assign(client, { cut: true })],
  ['hears nothing any more', (client) => Object.assign(client, { hung: true })],
  ['is answered slowly', (client) => Object.assign(client, { delay: leaseTimes.durationMs + 5000 })],
];
for (const [what, isolate] of isolations) {
  test(`a leader that ${what} stops before another starts`, async () => {
    const { clock, leading, all, lease } = candidates(2);
    await settle();
    const [first, second] = all;
    if (first === undefined || second === undefined) throw new Error('two candidates');
    isolate(first.client);
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
}

for (const hours of [1, -1]) {
  test(`a clock that is set ${hours} hour on changes no leader, and hinders no successor`, async () => {
    const { clock, leading, all, lease } = candidates(2);
    await settle();
    await clock.advance(5000);
    clock.jump(hours * 3_600_000);
    for (let second = 1; second <= 30; second++) {
      await clock.advance(1000);
      assert.deepEqual([...leading], [0]);
    }
    assert.equal(lease().leaseTransitions, 0);
    if (all[0] !== undefined) all[0].client.hung = true;
    await clock.advance(40_000);
    assert.deepEqual([...leading], [1]);
    await Promise.all([all[1]?.election.release(), clock.advance(5000)]);
  });
}

test('a lease whose answer came late is not led by', async () => {
  const { clock, leading, all } = candidates(2);
  await settle();
  const second = all[1];
  if (second === undefined) throw new Error('two candidates');
  second.client.delay = leaseTimes.durationMs;
  await Promise.all([all[0]?.election.release(), clock.advance(3000)]);
  leading.delete(0);
  await clock.advance(2 * leaseTimes.durationMs);
  assert.deepEqual([...leading], []);
  second.client.delay = 0;
  await clock.advance(leaseTimes.durationMs + 5000);
  assert.deepEqual([...leading], [1]);
  await Promise.all([second.election.release(), clock.advance(5000)]);
});

test('a leader whose process was stopped for longer than its lease does not lead when it wakes, before any timer says so', async () => {
  const clock = new ManualClock();
  let asleep = 0;
  const election = new LeaderElection({
    client: new MemoryClient(new Objects(() => clock.now()), clock),
    namespace: 'n',
    name: 'lease',
    identity: 'a',
    clock: {
      now: () => clock.now() + asleep,
      elapsed: () => clock.elapsed() + asleep,
      after: (milliseconds, callback) => clock.after(milliseconds, callback),
    },
    logger: silent,
  });
  assert.equal(election.holds(), false);
  await election.lead(() => {});
  assert.equal(election.holds(), true);
  await clock.advance(60_000);
  assert.equal(election.holds(), true, 'it has renewed it');
  asleep = leaseTimes.renewWithinMs;
  assert.equal(election.holds(), false);
  await clock.advance(leaseTimes.retryMs);
  assert.equal(election.holds(), true, 'nobody else has taken it: it is renewed');
  await Promise.all([election.release(), clock.advance(5000)]);
  assert.equal(election.holds(), false);
});
