import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Advisory, advisoriesOf, reviewedSchema, unreviewed } from '../../../scripts/audit.ts';
import { lockSchema } from '../../../scripts/lockPackages.ts';
import { root } from '../../helpers/ddr.ts';

const id = 'GHSA-23hp-3jrh-7fpw';
const advisory = (name: string) => ({
  source: 1,
  name,
  dependency: name,
  title: 'Something bad',
  url: `https://github.com/advisories/${id}`,
  severity: 'high',
  range: '<2',
});
const report = {
  auditReportVersion: 2,
  vulnerabilities: {
    inner: { name: 'inner', via: [advisory('inner')], effects: ['outer'], fixAvailable: false },
    outer: { name: 'outer', via: ['inner'], effects: [], fixAvailable: false },
  },
};

test('each advisory of a report is there once, for the package that has it', () => {
  assert.deepEqual(advisoriesOf(JSON.stringify(report)), [
    { id, package: 'inner', text: `high: Something bad (https://github.com/advisories/${id})` },
  ]);
  assert.deepEqual(advisoriesOf('{"vulnerabilities": {}}'), []);
});

test('a registry that keeps no advisories is told from one that knows of none', () => {
  for (const output of ['', '<html>', '{"message": "405 Method Not Allowed", "statusCode": 405, "error": {}}'])
    assert.equal(advisoriesOf(output), undefined);
});

test('an advisory is left unless its package was looked at for it', () => {
  const found: Advisory[] = [{ id, package: 'inner', text: 'high' }];
  const entry = { package: 'inner', why: 'Never called with input from outside.', reviewed: '2026-11-25' };
  assert.deepEqual(unreviewed(found, []), found);
  assert.deepEqual(unreviewed(found, [{ ...entry, advisories: ['GHSA-0000-0000-0000'] }]), found);
  assert.deepEqual(unreviewed(found, [{ ...entry, package: 'other', advisories: 'all' }]), found);
  assert.deepEqual(unreviewed(found, [{ ...entry, advisories: [id] }]), []);
  assert.deepEqual(unreviewed(found, [{ ...entry, advisories: 'all' }]), []);
});

test('the list of what was looked at is right, and holds packages that are there only', () => {
  const reviewed = reviewedSchema.parse(JSON.parse(readFileSync(join(root, 'docs/audit.json'), 'utf8')));
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  const names = Object.keys(packages).map((key) => key.slice(key.lastIndexOf('node_modules/') + 13));
  for (const { package: name } of reviewed) assert.ok(names.includes(name), `${name} is in no lock file any more`);
});
