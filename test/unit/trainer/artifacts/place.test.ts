import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseExisting } from '../../../../src/trainer/artifacts/place.ts';
import { temporaryStore } from '../../../helpers/trainer.ts';

test('a place where something is refuses to be written', async (t) => {
  const { store } = temporaryStore(t);
  await refuseExisting({ store, key: 'a' });
  await store.commit('a', { f: '' });
  await assert.rejects(refuseExisting({ store, key: 'a' }), { code: 'FileAccess', message: /there already/ });
});
