import assert from 'node:assert/strict';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { describeNewestReport } from '../../../src/cli/report.ts';
import { washedOut } from '../../helpers/findings.ts';
import { temporaryFolder } from '../../helpers/folder.ts';
import { exampleReport } from '../../helpers/reports.ts';

/** A folder with reports, each older than the one before it. */
function folderWith(t: TestContext, reports: Record<string, unknown>): string {
  const root = temporaryFolder(t);
  for (const [i, [name, report]] of Object.entries(reports).entries()) {
    const folder = join(root, 'runs/digits/reports', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'report.json'), JSON.stringify(report));
    utimesSync(join(folder, 'report.json'), 1000 - i, 1000 - i);
  }
  return root;
}

test('the newest report is shown with every metric, N, extractor and caveats', (t) => {
  const report = exampleReport();
  const evaluation = report.evaluation ?? assert.fail();
  evaluation.metrics.push({ name: 'Kernel distance', value: 0.04213, details: {} });
  const lines = describeNewestReport(folderWith(t, { newer: report, older: exampleReport({ models: [] }) }));
  assert.ok(lines.includes('Fréchet distance: 12.35 (N = 300, mnist-classifier)'));
  assert.ok(lines.includes('Kernel distance: 0.04213 (N = 300, mnist-classifier)'));
  assert.ok(lines.includes('Note:    Compare only equal N.'));
  assert.match(lines.join('\n'), /Models: {2}3, of 3 latent states, 6000 images in all/);
});

test('failure signatures are shown with what to do', (t) => {
  const lines = describeNewestReport(folderWith(t, { one: exampleReport({ findings: [washedOut] }) }));
  assert.ok(lines.includes('WashedOut: Samples are washed out. Map ᾱ.'));
});

test('a report of format 1 is read, too', (t) => {
  const { evaluation, ...rest } = exampleReport();
  const { metrics, caveats, ...judged } = evaluation ?? assert.fail();
  const before = { ...judged, metric: 'FID', distance: 12.345678, smallestEigenvalue: 0, caveats };
  const lines = describeNewestReport(folderWith(t, { old: { ...rest, format: 1, evaluation: before } }));
  assert.ok(lines.includes('FID: 12.35 (N = 300, mnist-classifier)'));
});

test('without evaluation there is no metric', (t) => {
  const lines = describeNewestReport(folderWith(t, { one: exampleReport({ evaluation: null }) }));
  assert.doesNotMatch(lines.join('\n'), /distance|FID|Note/);
});

test('no report, or one that is none, is said with what to do', (t) => {
  assert.throws(() => describeNewestReport(folderWith(t, {})), { code: 'InputMissing' });
  assert.throws(() => describeNewestReport(folderWith(t, { broken: { format: 3 } })), {
    code: 'InputForeign',
    where: /report\.json$/,
    hint: /Delete its folder/,
  });
});
