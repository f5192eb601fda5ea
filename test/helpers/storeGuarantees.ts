import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { datasetKey, runLayout } from '../../src/api/layout.ts';
import { loadNewestCheckpoint, saveCheckpoint } from '../../src/trainer/artifacts/checkpoint.ts';
import { readRecorded, recordOf } from '../../src/trainer/artifacts/records.ts';
import type { ArtifactStore } from '../../src/trainer/artifacts/store.ts';

/** A kind of store, as the tests of what all kinds guarantee need it. */
export interface StoreKind {
  skip?: string | false;
  /** An empty store of its own for a test. */
  open(t: TestContext): OpenStore | Promise<OpenStore>;
}

export interface OpenStore {
  store: ArtifactStore;
  /** The same place as another process has it open. */
  another(): ArtifactStore;
  /** Whatever lies there, by its file's path or object's key, what is half-written included. */
  everything(): string[] | Promise<string[]>;
  /** Overwrites the bytes of a committed file, with as many others where none are given. */
  damage(key: string, bytes?: Uint8Array): void | Promise<void>;
}

export async function* pieces(...parts: (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Error) throw part;
    yield Buffer.from(part);
  }
}

export const textOf = async (store: ArtifactStore, key: string): Promise<string | undefined> => {
  const bytes = await store.read(key);
  return bytes && Buffer.from(bytes).toString('latin1');
};

/** A checkpoint whose state is one number, so that it is seen which one was read. */
const checkpoint = (images: number) => ({
  ...{ hash: 'model', images, seconds: 1, losses: [], pending: { sum: 0, count: 0 } },
  vectors: { names: ['a', 'b'], size: 2 },
  pieces: [Float32Array.of(images, 1), Float32Array.of(2, 3)],
});

function commits({ open, ...options }: StoreKind): void {
  test('a folder is there as a whole or not at all', options, async (t) => {
    const { store, another, everything } = await open(t);
    await store.commit('a', { 'x.txt': 'one', 'y.bin': Uint8Array.of(1, 2), 'z.txt': pieces('th', 'ree'), empty: '' });
    const files = ['x.txt', 'y.bin', 'z.txt', 'empty'].map((name) => textOf(another(), `a/${name}`));
    assert.deepEqual(await Promise.all(files), ['one', '\x01\x02', 'three', '']);
    const before = await everything();
    await assert.rejects(store.commit('b', { good: 'one', bad: { copyOf: 'not-there' } }), { code: 'FileAccess' });
    await assert.rejects(store.commit('b', { bad: pieces('half', new Error('the source ended')) }), /the source ended/);
    const stop = async () => Promise.reject(new Error('stopped'));
    await assert.rejects(store.commit('b', { one: '1', two: '2' }, stop), /stopped/);
    assert.deepEqual(await everything(), before, 'nothing half written is left');
    assert.deepEqual([await another().exists('b'), await another().list('b')], [false, []]);
  });

  test('until all of it is written, nobody sees any of a folder', options, async (t) => {
    const { store, another } = await open(t);
    const seen: unknown[] = [];
    const look = async () => {
      seen.push([await another().exists('runs/a'), await another().list('runs'), await another().read('runs/a/x')]);
    };
    await store.commit('runs/a', { x: '1', y: '2' }, look);
    assert.deepEqual(seen, [
      [false, [], undefined],
      [false, [], undefined],
    ]);
    assert.deepEqual([await another().list('runs'), await another().list('runs/a')], [['a'], ['x', 'y']]);
  });

  test('files are written in their order: a record may tell what was streamed before it', options, async (t) => {
    const { store } = await open(t);
    let length = 0;
    async function* data() {
      for await (const piece of pieces('some', 'thing')) {
        length += piece.length;
        yield piece;
      }
    }
    async function* record() {
      yield Buffer.from(String(length));
    }
    await store.commit('a', { data: data(), record: record() });
    assert.equal(await textOf(store, 'a/record'), '9');
  });

  test('a folder may be named once its files are written', options, async (t) => {
    const { store } = await open(t);
    let name = '';
    async function* content() {
      yield Buffer.from('x');
      name = 'datasets/b';
    }
    await store.commit('datasets/a', { file: content() }, undefined, () => name);
    assert.deepEqual([await store.list('datasets'), await textOf(store, 'datasets/b/file')], [['b'], 'x']);
    await store.removePartial({ folder: 'datasets/a' });
    assert.equal(await textOf(store, 'datasets/b/file'), 'x', 'what has become a folder is none of what was left');
  });

  test('of two commits of one folder the first stays', options, async (t) => {
    const { store, another, everything } = await open(t);
    await store.commit('a', { x: 'first' });
    const before = await everything();
    await another().commit('a', { x: 'second' });
    assert.deepEqual([await textOf(store, 'a/x'), await everything()], ['first', before]);
    await Promise.all([1, 2, 3].map(() => another().commit('b', { x: 'same' })));
    assert.deepEqual([await store.list('b'), await textOf(store, 'b/x')], [['x'], 'same']);
  });

  test('a file of the store is copied into a folder', options, async (t) => {
    const { store } = await open(t);
    await store.commit('a', { x: 'content' });
    await store.commit('deep/b', { y: { copyOf: 'a/x' } });
    await store.remove('a');
    assert.equal(await textOf(store, 'deep/b/y'), 'content');
  });
}

function reads({ open, ...options }: StoreKind): void {
  test('what is not there is nothing, and no error', options, async (t) => {
    const { store } = await open(t);
    assert.deepEqual([await store.exists('a'), await store.read('a/b'), await store.list('a')], [false, undefined, []]);
    await store.remove('a');
    await store.removePartial({ below: 'a' });
  });

  test('what is below a key is listed, whatever it is', options, async (t) => {
    const { store } = await open(t);
    for (const name of ['b', 'a', 'B/c']) await store.commit(`runs/${name}`, { x: '1' });
    await store.takeAttempt('runs/attempts');
    assert.deepEqual(await store.list('runs'), ['B', 'a', 'attempts', 'b']);
    assert.deepEqual(
      await Promise.all(['runs', 'runs/B', 'runs/a', 'runs/a/x', 'runs/c'].map((key) => store.exists(key))),
      [true, true, true, true, false],
    );
  });

  test('a part of a file is read by its position', options, async (t) => {
    const { store } = await open(t);
    await store.commit('a', { x: '0123456789' });
    const read = async (offset: number, length: number) =>
      Buffer.from(await store.readRange('a/x', offset, length)).toString();
    assert.deepEqual(await Promise.all([read(0, 3), read(7, 3), read(4, 0)]), ['012', '789', '']);
    await assert.rejects(read(8, 3), { code: 'InputTruncated', where: store.describe('a/x') });
    await assert.rejects(store.readRange('a/y', 0, 1), { code: 'InputMissing', where: store.describe('a/y') });
    assert.equal(await read(1, 1), '1', 'after an error too');
  });

  test('a folder in the place of a file is said to be one', options, async (t) => {
    const { store } = await open(t);
    await store.commit('a/x', { y: '1' });
    await assert.rejects(store.read('a/x'), { code: 'InputForeign', message: /folder/ });
    await assert.rejects(store.readRange('a/x', 0, 1), { code: 'InputForeign', message: /folder/ });
  });

  test('no key leads out of the store', options, async (t) => {
    const { store } = await open(t);
    const refused = { code: 'InputUnsafe' };
    for (const key of ['', '/etc/passwd', '../a', 'a/../../b', 'a//b', './a', 'a/', 'a\0b']) {
      await assert.rejects(async () => store.read(key), refused, key);
      await assert.rejects(async () => store.commit(key, {}), refused, key);
      await assert.rejects(async () => store.remove(key), refused, key);
      await assert.rejects(store.commit('a', { [key]: 'x' }), refused, key);
      await assert.rejects(store.commit('a', { x: { copyOf: key } }), refused, key);
    }
  });
}

function removals({ open, ...options }: StoreKind): void {
  test('what is removed leaves nothing, and takes nothing along', options, async (t) => {
    const { store, another, everything } = await open(t);
    await store.commit('runs/ab', { x: 'kept' });
    const before = await everything();
    for (const folder of ['runs/a', 'runs/a/b', 'runs/a/c']) await store.commit(folder, { x: folder });
    await store.remove('runs/a');
    assert.deepEqual([await another().list('runs'), await textOf(store, 'runs/ab/x')], [['ab'], 'kept']);
    assert.deepEqual(await everything(), before);
    await store.commit('runs/a', { x: 'anew' });
    assert.equal(await textOf(store, 'runs/a/x'), 'anew', 'nothing is remembered of what was there');
  });

  test('a quarantined folder is out of the way and can be looked at', options, async (t) => {
    const { store } = await open(t);
    await store.commit('runs/a', { x: 'damaged' });
    await store.quarantine('runs/a');
    assert.equal(await store.exists('runs/a'), false);
    const [name = ''] = await store.list('runs');
    assert.match(name, /^damaged-a-/);
    await store.commit('runs/a', { x: 'anew' });
    await store.removePartial({ below: 'runs' });
    assert.deepEqual([await textOf(store, `runs/${name}/x`), await textOf(store, 'runs/a/x')], ['damaged', 'anew']);
  });

  test('what a killed writer left is removed, beside what is there and what another writes', options, async (t) => {
    const { store, another, everything } = await open(t);
    await store.commit('runs/a', { x: '1' });
    const before = await everything();
    const killed = async (folder: string) => {
      // It is stopped before its end, and never comes to clear away.
      const begun = Promise.withResolvers<void>();
      void another().commit(folder, { x: 'half', y: '1' }, () => {
        begun.resolve();
        return new Promise(() => {});
      });
      await begun.promise;
    };
    for (const folder of ['runs/a', 'runs/b', 'runs/bc']) await killed(folder);
    assert.deepEqual(await store.list('runs'), ['a']);
    await store.removePartial({ folder: 'runs/b' });
    assert.equal((await everything()).length, before.length + 2);
    await store.removePartial({ below: 'runs' });
    assert.deepEqual(await everything(), before);
    assert.equal(await textOf(store, 'runs/a/x'), '1');
  });
}

function attempts({ open, ...options }: StoreKind): void {
  test('a newer attempt fences out the older one', options, async (t) => {
    const { store, another } = await open(t);
    const first = await store.takeAttempt('model/attempts');
    const committed = async () => 'committed';
    assert.equal(await first.commit(committed), 'committed');
    const second = await another().takeAttempt('model/attempts');
    assert.deepEqual([first.number, second.number], [1, 2]);
    assert.equal(await second.commit(committed), 'committed');
    await assert.rejects(first.commit(committed), { code: 'Fenced' });
  });

  test('an older attempt that wakes up within its commit commits nothing', options, async (t) => {
    const { store, another, everything } = await open(t);
    const first = await store.takeAttempt('model/attempts');
    const asleep = Promise.withResolvers<void>();
    const awake = Promise.withResolvers<void>();
    const commit = first.commit(() =>
      store.commit('model/final', { x: 'old', y: 'old' }, () => {
        asleep.resolve();
        return awake.promise;
      }),
    );
    await asleep.promise;
    const second = await another().takeAttempt('model/attempts');
    await another().removePartial({ below: 'model' });
    await second.commit(() => another().commit('model/final', { x: 'new', y: 'new' }));
    const before = await everything();
    awake.resolve();
    await assert.rejects(commit, { code: 'Fenced' });
    assert.equal(await textOf(another(), 'model/final/x'), 'new');
    assert.deepEqual(await everything(), before);
  });

  test('attempts that start at once get different numbers', options, async (t) => {
    const { another } = await open(t);
    const numbers = await Promise.all(Array.from({ length: 8 }, async () => (await another().takeAttempt('a')).number));
    assert.equal(new Set(numbers).size, 8);
  });
}

function records({ open, ...options }: StoreKind): void {
  const { checkpoints } = runLayout('runs/test').model('model');
  const newest = async (store: ArtifactStore, damaged: string[] = []) => {
    const found = await loadNewestCheckpoint(store, checkpoints, 'model', (path) => damaged.push(path));
    const values = await found?.state?.read('a');
    return values?.[0];
  };

  test('of checkpoints the newest are kept, and nothing of the others', options, async (t) => {
    const { store, another, everything } = await open(t);
    const sizes: number[] = [];
    for (const images of [400, 800, 1200, 1600]) {
      await saveCheckpoint(store, checkpoints, checkpoint(images), 2);
      sizes.push((await everything()).length);
    }
    assert.equal(sizes[3], sizes[1]);
    assert.deepEqual(await another().list(checkpoints), ['000000001200', '000000001600']);
    assert.equal(await newest(another()), 1600);
  });

  test('a damaged checkpoint is quarantined and the one before it is taken', options, async (t) => {
    const { store, another, damage } = await open(t);
    for (const images of [400, 800]) await saveCheckpoint(store, checkpoints, checkpoint(images), 2);
    await damage(`${checkpoints}/000000000800/state.safetensors`);
    const damaged: string[] = [];
    assert.equal(await newest(another(), damaged), 400);
    assert.deepEqual(damaged, [store.describe(`${checkpoints}/000000000800`)]);
    await saveCheckpoint(store, checkpoints, checkpoint(800), 2);
    assert.equal(await newest(another()), 800);
  });

  test('bytes that are not those of the record are never taken for them', options, async (t) => {
    const { store, another, damage } = await open(t);
    const key = `${datasetKey('a')}/x`;
    await store.commit(datasetKey('a'), { x: 'content' });
    for (const bytes of [Buffer.from('CONTENT'), Buffer.from('con'), Buffer.from('content and more')]) {
      await damage(key, bytes);
      const read = readRecorded(another(), key, recordOf(Buffer.from('content')));
      await assert.rejects(read, { code: 'DigestMismatch' }, String(bytes));
    }
  });
}

/** What every kind of store guarantees: the trainer relies on it, and on nothing else. */
export function storeGuarantees(kind: StoreKind): void {
  for (const part of [commits, reads, removals, attempts, records]) part(kind);
}
