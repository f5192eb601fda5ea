import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runDirectory, runLayout } from '../../../src/api/layout.ts';
import { parseRun } from '../../../src/api/run.ts';
import { noteOfChangedData, noteOfFormerVersion } from '../../../src/cli/dataNotes.ts';
import { addressesOf, modelPlans } from '../../../src/operator/plan/identity.ts';
import { temporaryFolder } from '../../helpers/folder.ts';
import { minimalRun } from '../../helpers/runs.ts';

const run = parseRun(minimalRun());
const layout = runLayout(runDirectory('digits'));
const dataset = { preparedBy: 'a', path: 'b', digest: 'd'.repeat(64), count: 1, leftOut: 0, broken: 0 };
const changed = { ...dataset, previousDigest: 'c'.repeat(64) };

test('a volume of the version before is told until its data are prepared', (t) => {
  const folder = temporaryFolder(t);
  assert.equal(noteOfFormerVersion(run, folder), undefined);
  for (const hash of ['1', '2', '3']) mkdirSync(join(folder, layout.model(hash).final), { recursive: true });
  const note = noteOfFormerVersion(run, folder);
  assert.match(note ?? '', /3 models of a version before 0\.2\.0.*CHANGELOG\.md.*10 models will be trained anew/);
  mkdirSync(join(folder, layout.prepared('a')), { recursive: true });
  writeFileSync(join(folder, layout.prepared('a'), 'prepared.json'), '{}');
  assert.equal(noteOfFormerVersion(run, folder), undefined);
});

test('other data are told with what is trained anew, until the first model learns from them', (t) => {
  const folder = temporaryFolder(t);
  assert.equal(noteOfChangedData(run, dataset, folder), undefined);
  assert.match(noteOfChangedData(run, changed, folder) ?? '', /cccc… then, d+… now\): 10 models will be trained anew/);
  const [first = ''] = addressesOf(run.spec, modelPlans(run.spec), changed).models;
  mkdirSync(join(folder, layout.model(first).root), { recursive: true });
  assert.equal(noteOfChangedData(run, changed, folder), undefined);
});
