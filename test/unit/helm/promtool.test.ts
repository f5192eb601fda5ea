import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { dump } from 'js-yaml';
import { alertsFor, dashboardQueries } from '../../helpers/observability.ts';
import { programPath, withoutPrograms } from '../../helpers/programs.ts';

const skip = withoutPrograms(['promtool'], 'alerts and dashboard are not tried with Prometheus’ own tool');

function promtool(folder: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(programPath('promtool') ?? '', args, { cwd: folder, encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

function folderWith(rules: object): string {
  const folder = mkdtempSync(join(tmpdir(), 'ddr-rules-'));
  writeFileSync(join(folder, 'alerts.yaml'), dump(rules));
  return folder;
}

test('the alerts of the chart', { skip }, async (t) => {
  const alerts = alertsFor('job="j"');

  await t.test('are rules to Prometheus', () => {
    const found = promtool(folderWith(alerts), 'check', 'rules', 'alerts.yaml');
    assert.match(found, new RegExp(`SUCCESS: ${alerts.groups[0]?.rules.length} rules found`));
  });

  await t.test('fire when they should, and only then', () => {
    const folder = folderWith(alerts);
    const file = 'alerts.test.yaml';
    copyFileSync(join(import.meta.dirname, '../../fixtures', file), join(folder, file));
    promtool(folder, 'test', 'rules', file);
  });
});

test('every panel of the dashboard asks what Prometheus understands', { skip }, () => {
  const rules = dashboardQueries('system', 'ddr-operator').map(({ expr }, i) => ({ record: `panel:${i}`, expr }));
  const found = promtool(folderWith({ groups: [{ name: 'panels', rules }] }), 'check', 'rules', 'alerts.yaml');
  assert.match(found, new RegExp(`SUCCESS: ${rules.length} rules found`));
});
