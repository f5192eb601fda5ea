import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import { copyFinal } from '../../../../src/trainer/artifacts/copyFinal.ts';
import { aggregatedRun, temporaryStore } from '../../../helpers/trainer.ts';

test('a model is copied with its record, byte for byte, and one that is not there is told', async (t) => {
  const { store, root, trainTask } = await aggregatedRun(t, { training: { ema: { further: [100] } } });
  const { hash } = trainTask(0);
  const { final } = runLayout('runs/test').model(hash);
  const other = temporaryStore(t);
  let files = 0;
  const onFile = async () => void files++;
  assert.equal(await copyFinal(store, other.store, final, hash, onFile), true);
  const content = (folder: string) =>
    readdirSync(join(folder, final)).map((name) => [name, readFileSync(join(folder, final, name)).toString('base64')]);
  assert.deepEqual(content(other.root), content(root));
  assert.equal(files, 3);
  assert.equal(await copyFinal(store, other.store, 'nowhere', hash, onFile), false);
});

test('a copy that is stopped leaves nothing', async (t) => {
  const { store, trainTask } = await aggregatedRun(t);
  const { hash } = trainTask(0);
  const { final } = runLayout('runs/test').model(hash);
  const other = temporaryStore(t);
  const stop = async () => {
    throw new Error('stop');
  };
  await assert.rejects(copyFinal(store, other.store, final, hash, stop), /stop/);
  assert.equal(await other.store.exists(final), false);
});
