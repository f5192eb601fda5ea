import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingsSection, nothingFound } from '../../../../src/trainer/report/findings.ts';
import { washedOut } from '../../../helpers/findings.ts';
import { exampleReport } from '../../../helpers/reports.ts';

test('a finding is shown with its numbers, what to do, and what to paste', () => {
  const report = exampleReport({ findings: [washedOut] });
  const html = findingsSection(report);
  assert.match(html, /What stands out.*Samples are washed out\..*<th>contrast<\/th>.*<td>0\.312<\/td>.*Map ᾱ\./s);
  assert.match(html, /<pre>schedule: \{ alphas: Mapped \}<\/pre>/);
  assert.equal(nothingFound(report), '');
});

test('where nothing is found, that is said', () => {
  assert.equal(findingsSection(exampleReport()), '');
  assert.match(nothingFound(exampleReport()), /No loss rises/);
});

test('of many rows the first are shown, and text is escaped', () => {
  const row = { what: '<b>', numbers: { images: 4800 } };
  const evidence = Array.from({ length: 25 }, () => row);
  const html = findingsSection(exampleReport({ findings: [{ ...washedOut, evidence, yaml: '' }] }));
  assert.equal(html.match(/&lt;b&gt;/g)?.length, 20);
  assert.match(html, /<td>4,800<\/td>.*And 5 more in report\.json/s);
  assert.doesNotMatch(html, /<pre>/);
});
