import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createPosixStore } from '../../../../src/trainer/artifacts/posixStore.ts';
import { storeGuarantees } from '../../../helpers/storeGuarantees.ts';
import { temporaryStore } from '../../../helpers/trainer.ts';

storeGuarantees({
  open(t: TestContext) {
    const { root, store } = temporaryStore(t);
    return {
      store,
      another: () => createPosixStore(root),
      everything: () =>
        readdirSync(root, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .sort(),
      damage: (key, bytes) => writeFileSync(join(root, key), bytes ?? 'damaged'),
    };
  },
});

test('it is told how much can still be written', async (t) => {
  const { store } = temporaryStore(t);
  assert.ok(((await store.free()) ?? 0) > 0);
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
