import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportSchema } from '../../../../src/trainer/artifacts/report.ts';
import { exampleReport } from '../../../helpers/reports.ts';

test('a report comes back from JSON as it was, judged or not', () => {
  for (const report of [exampleReport(), exampleReport({ evaluation: null })])
    assert.deepEqual(reportSchema.parse(JSON.parse(JSON.stringify(report))), report);
});

test('a number that JSON cannot hold is no result', () => {
  const evaluation = exampleReport().evaluation ?? assert.fail();
  const metrics = [{ name: 'Fréchet distance', value: Number.NaN, details: {} }];
  assert.ok(!reportSchema.safeParse(exampleReport({ evaluation: { ...evaluation, metrics } })).success);
});
