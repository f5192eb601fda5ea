import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bundleOf, fetchResults, kinds } from '../../../../src/cli/fetch/fetch.ts';
import { jsonReporter } from '../../../../src/cli/fetch/reporter.ts';
import type { Results } from '../../../../src/cli/fetch/results.ts';
import { openAnyBundle } from '../../../../src/trainer/artifacts/bundle.ts';
import { verifyBundle } from '../../../../src/trainer/artifacts/moveBundle.ts';
import { createPosixStore } from '../../../../src/trainer/artifacts/posixStore.ts';
import { type CompletedRun, completedRun } from '../../../helpers/completedRun.ts';
import { changeLastByte } from '../../../helpers/damage.ts';
import { temporaryFolder } from '../../../helpers/folder.ts';

const resultsOf = ({ store, bundle, results }: CompletedRun): Results => ({
  store,
  bundle,
  report: results,
  state: 'it is Complete',
  close: async () => {},
});

function silent() {
  const lines: string[] = [];
  return {
    lines,
    reporter: jsonReporter(
      (line) => lines.push(line),
      () => 0,
    ),
  };
}

test('report, samples and bundle come into folders of their own, as they are in the store', async (t) => {
  const run = await completedRun(t);
  const to = temporaryFolder(t);
  const { lines, reporter } = silent();
  await fetchResults(resultsOf(run), kinds, to, reporter);
  assert.deepEqual(readdirSync(to).sort(), ['bundle', 'report', 'samples']);
  assert.deepEqual(readdirSync(join(to, 'report')).sort(), ['report.html', 'report.json', 'samples.png']);
  for (const name of ['shard.json', 'images.npy', 'labels.npy'])
    assert.deepEqual(
      readFileSync(join(to, 'samples/shard-0001', name)),
      readFileSync(join(run.root, 'runs/test/samples/00000000000000c8/shard-0001', name)),
    );
  const store = createPosixStore(to);
  assert.equal((await verifyBundle({ store, key: 'bundle' })).digest, run.bundle.digest);
  assert.equal((await openAnyBundle(store, 'bundle')).manifest.models.length, 3);
  const end = JSON.parse(lines.at(-1) ?? '') as { event: string; bundle: { digests: string[] } };
  assert.deepEqual([end.event, end.bundle.digests], ['end', [run.bundle.digest]]);
});

test('what is there is not read again; what is damaged is', async (t) => {
  const run = await completedRun(t);
  const to = temporaryFolder(t);
  const { reporter } = silent();
  await fetchResults(resultsOf(run), ['bundle'], to, reporter);
  const file = join(to, 'bundle/model-0001.safetensors');
  const other = statSync(join(to, 'bundle/model-0000.safetensors')).ino;
  changeLastByte(file);
  const read: string[] = [];
  const store = {
    ...run.store,
    readRange(key: string, ...part: [number, number]) {
      read.push(key);
      return run.store.readRange(key, ...part);
    },
  };
  await fetchResults({ ...resultsOf(run), store }, ['bundle'], to, reporter);
  assert.deepEqual([...new Set(read)], [`${run.bundle.path}/model-0001.safetensors`]);
  assert.equal(statSync(join(to, 'bundle/model-0000.safetensors')).ino, other);
  await verifyBundle({ store: createPosixStore(to), key: 'bundle' });
});

test('a record is written last, and one of another bundle is taken away first', async (t) => {
  const run = await completedRun(t);
  const to = temporaryFolder(t);
  const { reporter } = silent();
  await fetchResults(resultsOf(run), ['bundle'], to, reporter);
  const manifest = join(to, 'bundle/manifest.json');
  writeFileSync(manifest, '{}');
  changeLastByte(join(run.root, run.bundle.path, 'model-0002.safetensors'));
  changeLastByte(join(to, 'bundle/model-0002.safetensors'));
  await assert.rejects(fetchResults(resultsOf(run), ['bundle'], to, reporter), { code: 'DigestMismatch' });
  assert.ok(!existsSync(manifest));
});

test('what the status does not tell of is not there yet', async (t) => {
  const run = await completedRun(t);
  const { reporter } = silent();
  const results = { ...resultsOf(run), report: undefined, state: 'it is Sampling' };
  const to = temporaryFolder(t);
  for (const kind of ['report', 'samples'] as const)
    await assert.rejects(fetchResults(results, [kind], to, reporter), {
      code: 'NotComplete',
      message: `the run has no ${kind} yet: it is Sampling`,
    });
  await fetchResults(results, ['bundle'], to, reporter);
  await assert.rejects(bundleOf({ ...results, bundle: undefined }), { code: 'NotComplete', message: /no bundle yet/ });
});

test('where only the report is known, it tells of the bundle', async (t) => {
  const run = await completedRun(t);
  assert.deepEqual(await bundleOf({ ...resultsOf(run), bundle: undefined }), run.bundle);
});

test('another record than that of the status is refused', async (t) => {
  const run = await completedRun(t);
  const { reporter } = silent();
  const digest = 'ab'.repeat(32);
  const results = { ...resultsOf(run), bundle: { ...run.bundle, digest }, report: { ...run.results, digest } };
  for (const kind of kinds)
    await assert.rejects(fetchResults(results, [kind], temporaryFolder(t), reporter), { code: 'DigestMismatch' });
});
