import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryClient } from '../../../../src/local/memoryClient.ts';
import { Objects } from '../../../../src/local/objects.ts';
import { ApiError, type KubeObject, type WatchEvent, type WatchOptions } from '../../../../src/operator/kube/client.ts';
import { Reflector } from '../../../../src/operator/kube/reflector.ts';
import { types } from '../../../../src/operator/types.ts';
import { ManualClock, settle, silent } from '../../../helpers/manualClock.ts';

const pod = (name: string, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'n', name, labels },
});

/** A cluster whose watches a test can break. */
class Flaky extends MemoryClient {
  lists = 0;
  watches: string[] = [];
  failure: Error | undefined;
  /** Whether every watch ends as soon as it has begun. */
  brief = false;
  /** Events that no watch tells. */
  deaf: (object: KubeObject) => boolean = () => false;
  /** Ends the current watch with this, or quietly. */
  break: (error?: Error) => void = () => {};

  override async list(...args: Parameters<MemoryClient['list']>) {
    this.lists++;
    if (this.failure !== undefined) throw this.failure;
    return super.list(...args);
  }

  override async *watch(type: Parameters<MemoryClient['watch']>[0], options: WatchOptions): AsyncGenerator<WatchEvent> {
    this.watches.push(options.resourceVersion);
    if (this.brief) return;
    const own = new AbortController();
    let error: Error | undefined;
    this.break = (reason) => {
      error = reason;
      own.abort();
    };
    const signal = AbortSignal.any([own.signal, ...(options.signal === undefined ? [] : [options.signal])]);
    for await (const event of super.watch(type, { ...options, signal }))
      if (event.type === 'BOOKMARK' || !this.deaf(event.object)) yield event;
    if (error !== undefined) throw error;
  }
}

function start(labelSelector?: string, keep?: (object: KubeObject) => KubeObject) {
  const clock = new ManualClock();
  const objects = new Objects(() => clock.now());
  const client = new Flaky(objects, clock);
  const changes: string[] = [];
  const missed: string[] = [];
  const reflector = new Reflector({
    client,
    type: types.pod,
    labelSelector,
    ...(keep && { keep }),
    clock,
    random: () => 0,
    logger: silent,
    onChange: ({ metadata }) => changes.push(metadata.name),
    onMissed: ({ metadata }) => missed.push(metadata.name),
  });
  const names = () => [...reflector.store.all()].map(({ metadata }) => metadata.name).sort();
  return { clock, objects, client, reflector, changes, missed, names };
}

test('lists what is there, then follows what changes', async () => {
  const { objects, reflector, changes, names } = start();
  objects.create(types.pod, pod('a'));
  reflector.start();
  await reflector.synced;
  objects.create(types.pod, pod('b'));
  objects.delete(types.pod, 'n/a');
  await settle();
  assert.deepEqual(names(), ['b']);
  assert.deepEqual(changes, ['a', 'b', 'a', 'a']); // the deletion is seen as a mark first
  await reflector.stop();
});

test('sees only what its selector picks', async () => {
  const { objects, reflector, names } = start('app=x');
  objects.create(types.pod, pod('a', { app: 'x' }));
  objects.create(types.pod, pod('b', { app: 'y' }));
  reflector.start();
  await reflector.synced;
  assert.deepEqual(names(), ['a']);
  await reflector.stop();
});

test('goes on from the last version when the server ends a watch', async () => {
  const { objects, client, reflector, names } = start();
  reflector.start();
  await reflector.synced;
  await settle();
  const created = objects.create(types.pod, pod('a'));
  await settle();
  client.break();
  await settle();
  assert.equal(client.lists, 1);
  assert.equal(client.watches.at(-1), created.metadata.resourceVersion);
  objects.create(types.pod, pod('b'));
  await settle();
  assert.deepEqual(names(), ['a', 'b']);
  await reflector.stop();
});

test('lists again when its version is too old, and tells of what went meanwhile', async () => {
  const { objects, client, reflector, changes, names } = start();
  objects.create(types.pod, pod('a'));
  reflector.start();
  await reflector.synced;
  await settle();
  client.break(new ApiError(410, 'Expired', 'too old'));
  objects.delete(types.pod, 'n/a');
  await settle();
  assert.deepEqual(names(), []);
  assert.equal(client.lists, 2);
  assert.equal(changes.at(-1), 'a');
  await reflector.stop();
});

test('never gives up, waiting longer each time', async () => {
  const { clock, objects, client, reflector, names } = start();
  client.failure = new Error('connection refused');
  reflector.start();
  await clock.advance(120_000);
  assert.ok(client.lists > 5 && client.lists < 20, `${client.lists} lists in two minutes`);
  assert.equal(reflector.hasSynced, false);
  client.failure = undefined;
  objects.create(types.pod, pod('a'));
  await clock.advance(30_000);
  assert.deepEqual(names(), ['a']);
  await reflector.stop();
});

test('does not ask without a pause where every watch ends at once', async () => {
  const { clock, objects, client, reflector, names } = start();
  client.brief = true;
  reflector.start();
  await clock.advance(60_000);
  assert.ok(client.watches.length < 20, `${client.watches.length} watches in a minute`);
  client.brief = false;
  await clock.advance(30_000);
  objects.create(types.pod, pod('a'));
  await settle();
  assert.deepEqual(names(), ['a']);
  await reflector.stop();
});

test('takes a watch that says nothing for dead', async () => {
  const { clock, client, reflector } = start();
  reflector.start();
  await reflector.synced;
  await settle();
  const before = client.watches.length;
  await clock.advance(121_000);
  assert.equal(client.watches.length, before + 1);
  await reflector.stop();
});

test('an own write is known at once, and an older event does not undo it', async () => {
  const { objects, reflector } = start();
  const old = objects.create(types.pod, pod('a'));
  const newer = objects.replace(types.pod, { ...old, status: { phase: 'Running' } });
  reflector.observe(newer);
  reflector.observe(old);
  assert.deepEqual(reflector.store.get('n/a')?.status, { phase: 'Running' });
  await reflector.stop();
});

test('of an own write no more is held than of what a watch tells', async () => {
  const { objects, reflector } = start(undefined, ({ spec: _, ...rest }) => rest as KubeObject);
  reflector.observe(objects.create(types.pod, { ...pod('a'), spec: { containers: [] } }));
  assert.equal(reflector.store.get('n/a')?.spec, undefined);
  await reflector.stop();
});

test('the answer to an own write that comes after the deletion does not bring the object back', async () => {
  const { objects, reflector, names } = start();
  reflector.start();
  await reflector.synced;
  await settle();
  const created = objects.create(types.pod, pod('a'));
  objects.delete(types.pod, 'n/a');
  await settle();
  reflector.observe(created);
  assert.deepEqual(names(), []);
  reflector.observe(objects.create(types.pod, pod('a'))); // made anew, and known before the watch tells
  assert.deepEqual(names(), ['a']);
  await reflector.stop();
});

test('what a watch did not tell is found by the next list, made up for and counted; what came since the list is not', async () => {
  const { clock, objects, client, reflector, changes, missed, names } = start();
  for (const name of ['a', 'b', 'c']) objects.create(types.pod, pod(name));
  reflector.start();
  await reflector.synced;
  await settle();
  client.deaf = ({ metadata }) => ['a', 'b', 'd'].includes(metadata.name);
  objects.delete(types.pod, 'n/a');
  objects.replace(types.pod, { ...pod('b'), status: { phase: 'Running' } });
  objects.create(types.pod, pod('d'));
  objects.create(types.pod, pod('e'));
  await settle();
  assert.deepEqual(names(), ['a', 'b', 'c', 'e']);
  await clock.advance(1_800_000 + 300_000);
  client.deaf = () => false;
  assert.equal(client.lists, 2);
  changes.length = 0;
  objects.delete(types.pod, 'n/c');
  objects.create(types.pod, pod('f'));
  await settle();
  assert.deepEqual(names(), ['b', 'd', 'e', 'f']);
  assert.deepEqual(reflector.store.get('n/b')?.status, { phase: 'Running' });
  assert.deepEqual(missed.sort(), ['a', 'b', 'd']);
  assert.deepEqual([...new Set(changes)].sort(), ['a', 'b', 'c', 'd', 'f']);
  await reflector.stop();
});

test('a list that shows what the watch has told counts nothing', async () => {
  const { clock, objects, client, reflector, missed } = start();
  objects.create(types.pod, pod('a'));
  reflector.start();
  await reflector.synced;
  await settle();
  objects.create(types.pod, pod('b'));
  objects.delete(types.pod, 'n/a');
  await clock.advance(1_800_000 + 300_000);
  objects.create(types.pod, pod('c'));
  await settle();
  assert.equal(client.lists, 2);
  assert.deepEqual(missed, []);
  await reflector.stop();
});

test('what the answer to an own write has brought, somebody else’s change with it, is told by the next list', async () => {
  const { clock, objects, client, reflector, changes, missed } = start();
  reflector.start();
  await settle();
  client.deaf = () => true;
  reflector.observe(objects.create(types.pod, pod('a')));
  await settle();
  assert.deepEqual(changes, []);
  client.break(new Error('connection reset'));
  await clock.advance(1000);
  assert.deepEqual([changes, missed], [['a'], []], 'of a new beginning');
  client.break(new Error('connection reset'));
  await clock.advance(1000);
  assert.deepEqual(changes, ['a'], 'once');
  reflector.observe(objects.create(types.pod, pod('b')));
  await clock.advance(1_800_000 + 300_000);
  client.deaf = () => false;
  objects.create(types.pod, pod('c'));
  await settle();
  assert.deepEqual([changes, missed], [['a', 'b', 'c'], ['b']], 'of one to compare with');
  await reflector.stop();
});

test('an event that comes late neither takes away what is newer nor brings back what has gone', async () => {
  const version = (name: string, resourceVersion: string): KubeObject => ({
    ...pod(name),
    metadata: { ...pod(name).metadata, resourceVersion },
  });
  const told: WatchEvent[] = [
    { type: 'ADDED', object: version('a', '101') },
    { type: 'DELETED', object: version('a', '103') },
    { type: 'ADDED', object: version('a', '104') },
    { type: 'DELETED', object: version('a', '103') }, // again
    { type: 'ADDED', object: version('b', '105') },
    { type: 'DELETED', object: version('b', '107') },
    { type: 'MODIFIED', object: version('b', '106') }, // late, twice
    { type: 'MODIFIED', object: version('b', '106') },
  ];
  const clock = new ManualClock();
  const froms: string[] = [];
  class Told extends MemoryClient {
    override async *watch(...[, { resourceVersion, signal }]: Parameters<MemoryClient['watch']>) {
      froms.push(resourceVersion);
      if (froms.length === 1) yield* told;
      else await new Promise((resolve) => signal?.addEventListener('abort', resolve));
    }
  }
  const reflector = new Reflector({
    client: new Told(new Objects(() => clock.now()), clock),
    type: types.pod,
    clock,
    random: () => 0,
    logger: silent,
    onChange: () => {},
  });
  reflector.start();
  await settle();
  assert.deepEqual(
    [...reflector.store.all()].map(({ metadata }) => [metadata.name, metadata.resourceVersion]),
    [['a', '104']],
  );
  assert.equal(froms.at(-1), '107', 'and the next watch begins where the last had come to');
  await reflector.stop();
});

test('everything is listed again as often as is asked for', async () => {
  const clock = new ManualClock();
  const objects = new Objects(() => clock.now());
  const client = new Flaky(objects, clock);
  const options = { client, type: types.pod, clock, random: () => 0, logger: silent, onChange: () => {} };
  const reflector = new Reflector({ ...options, relistSeconds: 10 });
  reflector.start();
  await settle();
  for (let i = 0; i < 6; i++) {
    await clock.advance(6000);
    client.break();
    await settle();
  }
  assert.equal(client.lists, 4);
  await reflector.stop();
});
