import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadFeatures, saveFeatures } from '../../../../src/trainer/artifacts/features.ts';
import { addFeatures, emptySums } from '../../../../src/trainer/metrics/statistics.ts';
import { changeLastByte } from '../../../helpers/damage.ts';
import { features } from '../../../helpers/features.ts';
import { temporaryStore } from '../../../helpers/trainer.ts';

test('feature sums come back to the last bit, and damage is noticed', async (t) => {
  const { store, root } = temporaryStore(t);
  const sums = emptySums(8);
  addFeatures(sums, features(20, 8, 1));
  assert.equal(await loadFeatures(store, 'f'), undefined);
  await saveFeatures(store, 'f', sums);
  assert.deepEqual(await loadFeatures(store, 'f'), sums);
  changeLastByte(join(root, 'f/features.npz'));
  await assert.rejects(loadFeatures(store, 'f'), { code: 'DigestMismatch' });
});
