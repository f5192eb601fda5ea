import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createPosixStore } from '../../../../src/trainer/artifacts/posixStore.ts';
import { temporaryStore } from '../../../helpers/trainer.ts';

async function* pieces(...parts: (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Error) throw part;
    yield Buffer.from(part);
  }
}

test('a folder is there as a whole or not at all', async (t) => {
  const { root, store } = temporaryStore(t);
  await store.commit('a', { 'x.txt': 'one', 'y.bin': Uint8Array.of(1, 2), 'z.txt': pieces('th', 'ree') });
  assert.deepEqual(
    ['x.txt', 'y.bin', 'z.txt'].map((name) => readFileSync(join(root, 'a', name), 'latin1')),
    ['one', '\x01\x02', 'three'],
  );
  await assert.rejects(store.commit('b', { good: 'one', bad: { copyOf: 'not-there' } }), { code: 'FileAccess' });
  await assert.rejects(store.commit('b', { bad: pieces('half', new Error('the source ended')) }), /the source ended/);
  const stop = async () => Promise.reject(new Error('stopped'));
  await assert.rejects(store.commit('b', { one: '1', two: '2' }, stop), /stopped/);
  assert.deepEqual(readdirSync(root), ['a'], 'nothing half written is left');
});

test('files are written in their order: a record may tell what was streamed before it', async (t) => {
  const { root, store } = temporaryStore(t);
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
  assert.equal(readFileSync(join(root, 'a/record'), 'utf8'), '9');
});

test('a folder may be named once its files are written', async (t) => {
  const { root, store } = temporaryStore(t);
  let name = '';
  async function* content() {
    yield Buffer.from('x');
    name = 'datasets/b';
  }
  await store.commit('datasets/a', { file: content() }, undefined, () => name);
  assert.deepEqual(readdirSync(join(root, 'datasets')), ['b']);
});

test('it is told how much can still be written', async (t) => {
  const { store } = temporaryStore(t);
  assert.ok(((await store.free()) ?? 0) > 0);
});

test('of two commits of one folder the first stays', async (t) => {
  const { root, store } = temporaryStore(t);
  await Promise.all([1, 2, 3].map(() => store.commit('a', { 'x.txt': 'same' })));
  assert.deepEqual(readdirSync(root), ['a']);
});

test('a file of the store is copied without being read into memory', async (t) => {
  const { store } = temporaryStore(t);
  await store.commit('a', { x: 'content' });
  await store.commit('deep/b', { y: { copyOf: 'a/x' } });
  assert.equal(Buffer.from((await store.read('deep/b/y')) ?? []).toString(), 'content');
});

test('what is not there is nothing, and no error', async (t) => {
  const { store } = temporaryStore(t);
  assert.deepEqual([await store.exists('a'), await store.read('a/b'), await store.list('a')], [false, undefined, []]);
  await store.remove('a');
});

test('a part of a file is read by its position', async (t) => {
  const { root, store } = temporaryStore(t);
  await store.commit('a', { x: '0123456789' });
  const read = async (offset: number, length: number) =>
    Buffer.from(await store.readRange('a/x', offset, length)).toString();
  assert.deepEqual(await Promise.all([read(0, 3), read(7, 3), read(4, 0)]), ['012', '789', '']);
  await assert.rejects(read(8, 3), { code: 'InputTruncated', where: join(root, 'a/x') });
  await assert.rejects(store.readRange('a/y', 0, 1), { code: 'InputMissing', where: join(root, 'a/y') });
  assert.equal(await read(1, 1), '1', 'after an error too');
});

test('what a killed writer left is passed over and removed, beside what another writes at this moment', async (t) => {
  const { root, store } = temporaryStore(t);
  for (const name of ['.partial-a-1', '.partial-ab-1', '.partial-b-1']) {
    mkdirSync(join(root, 'runs', name), { recursive: true });
    writeFileSync(join(root, 'runs', name, 'x'), 'half');
  }
  assert.deepEqual(await store.list('runs'), []);
  await store.removePartial({ folder: 'runs/a' });
  assert.deepEqual(readdirSync(join(root, 'runs')), ['.partial-ab-1', '.partial-b-1']);
  await store.removePartial({ below: 'runs' });
  assert.deepEqual(readdirSync(join(root, 'runs')), []);
});

test('a quarantined folder is out of the way and can be looked at', async (t) => {
  const { store } = temporaryStore(t);
  await store.commit('runs/a', { x: 'damaged' });
  await store.quarantine('runs/a');
  assert.equal(await store.exists('runs/a'), false);
  const [name = ''] = await store.list('runs');
  assert.match(name, /^damaged-a-/);
  assert.equal(Buffer.from((await store.read(`runs/${name}/x`)) ?? []).toString(), 'damaged');
});

test('no key leads out of the store', async (t) => {
  const { store } = temporaryStore(t);
  const refused = { code: 'InputUnsafe' };
  for (const key of ['', '/etc/passwd', '../a', 'a/../../b', 'a//b', './a', 'a/', 'a\0b']) {
    await assert.rejects(async () => store.read(key), refused, key);
    await assert.rejects(async () => store.commit(key, {}), refused, key);
    await assert.rejects(store.commit('a', { [key]: 'x' }), refused, key);
    await assert.rejects(store.commit('a', { x: { copyOf: key } }), refused, key);
  }
});

test('a store that does not answer is not an empty one', async (t) => {
  const { root, store } = temporaryStore(t);
  symlinkSync(join(root, 'circle'), join(root, 'circle')); // stands for what cannot be read
  const failed = { code: 'FileAccess' };
  await assert.rejects(store.list('circle'), failed);
  await assert.rejects(store.read('circle'), failed);
  await assert.rejects(store.exists('circle/a'), failed);
  await assert.rejects(store.takeAttempt('circle'), failed);
  await assert.rejects(createPosixStore(join(root, 'circle')).commit('a', { x: '1' }), failed);
});

test('a folder in the place of a file is said to be one', async (t) => {
  const { root, store } = temporaryStore(t);
  mkdirSync(join(root, 'a/x'), { recursive: true });
  await assert.rejects(store.read('a/x'), { code: 'InputForeign', message: /folder/ });
});

test('a newer attempt fences out the older one', async (t) => {
  const { store } = temporaryStore(t);
  const first = await store.takeAttempt('model/attempts');
  const committed = async () => 'committed';
  assert.equal(await first.commit(committed), 'committed');
  const second = await store.takeAttempt('model/attempts');
  assert.deepEqual([first.number, second.number], [1, 2]);
  assert.equal(await second.commit(committed), 'committed');
  await assert.rejects(first.commit(committed), { code: 'Fenced' });
});

test('an attempt whose half-written files a newer one has cleared away is fenced, not failed', async (t) => {
  const { root, store } = temporaryStore(t);
  const attempts = 'model/attempts';
  const first = await store.takeAttempt(attempts);
  const overtaken = async () => {
    await store.takeAttempt(attempts);
    rmSync(join(root, 'not-there')); // Node's error for what is no longer there
  };
  await assert.rejects(first.commit(overtaken), { code: 'Fenced' });
});

test('attempts that start at once get different numbers', async (t) => {
  const { store } = temporaryStore(t);
  const numbers = await Promise.all(Array.from({ length: 8 }, async () => (await store.takeAttempt('a')).number));
  assert.equal(new Set(numbers).size, 8);
});
