import assert from 'node:assert/strict';
import { cpSync, mkdirSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { resultsInFolder, resultsInStore, stateOf } from '../../../../src/cli/fetch/results.ts';
import { completedRun } from '../../../helpers/completedRun.ts';
import { temporaryFolder } from '../../../helpers/folder.ts';

test('how far a run is', () => {
  assert.equal(stateOf({}), 'it is Pending');
  const models = { summary: '3/10' } as never;
  assert.equal(
    stateOf({ phase: 'Blocked', reason: 'Unschedulable', models }),
    'it is Blocked (Unschedulable), 3/10 models are trained',
  );
});

test('the newest report of a run is found below its claim, or below the home of `ddr run`', async (t) => {
  const run = await completedRun(t);
  const home = temporaryFolder(t);
  const claim = join(home, 'volumes/test-checkpoints');
  mkdirSync(dirname(claim));
  cpSync(run.root, claim, { recursive: true });
  const older = join(dirname(run.results.path), 'older');
  cpSync(join(claim, run.results.path), join(claim, older), { recursive: true });
  utimesSync(join(claim, older, 'report.json'), 1, 1);
  for (const folder of [claim, home]) {
    const { report, store } = resultsInFolder(folder, 'test');
    assert.deepEqual(report, { path: run.results.path });
    assert.ok(await store.exists(run.bundle.path));
  }
  assert.throws(() => resultsInFolder(home, 'other'), { code: 'InputMissing', where: home });
});

test('in a store that tells no times the only report counts', async (t) => {
  const { store, results } = await completedRun(t);
  assert.deepEqual((await resultsInStore(store, 'test')).report, { path: results.path });
  await assert.rejects(resultsInStore(store, 'other'), { code: 'InputMissing' });
  await store.commit(`${dirname(results.path)}/${'ab'.repeat(8)}`, { f: '' });
  await assert.rejects(resultsInStore(store, 'test'), { code: 'InvalidSpec', message: /there are 2 reports/ });
});
