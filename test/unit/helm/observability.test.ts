import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createMetrics } from '../../../src/operator/metrics.ts';
import type { RunController } from '../../../src/operator/runController.ts';
import { chart, noHelm, render } from '../../helpers/chart.ts';
import { type Alert, alertsFor, dashboard, dashboardQueries } from '../../helpers/observability.ts';

const selector = 'namespace="system", job="ddr-operator"';
const alerts = alertsFor(selector).groups.flatMap(({ rules }) => rules);
const expressions = [
  ...alerts.map(({ expr }) => expr),
  ...dashboardQueries('system', 'ddr-operator').map(({ expr }) => expr),
];

/** Names of series in an expression: what has braces behind it. */
const seriesIn = (expression: string) => [...expression.matchAll(/([a-z_0-9]+)\{/g)].map(([, name = '']) => name);

/** Names of the series that an operator exports, and the labels of each. */
async function exported(): Promise<Map<string, Set<string>>> {
  const { registry, controllerMetrics, answered, watch } = createMetrics();
  watch({ runs: { all: () => [] }, queue: { depth: 0, longestMs: 0 } } as unknown as RunController);
  controllerMetrics.reconciled('success', 1);
  controllerMetrics.active(1);
  answered('GET', 200);
  const series = new Map<string, Set<string>>();
  for (const [, name = '', labels = ''] of (await registry.metrics()).matchAll(/^([a-z_0-9]+)(?:\{(.*)\})? /gm)) {
    const known = series.get(name) ?? new Set<string>();
    for (const [, label = ''] of labels.matchAll(/([a-z_]+)="/g)) known.add(label);
    series.set(name, known);
  }
  return series;
}

/** Labels that a scrape adds. */
const ofTheScrape = ['namespace', 'job', 'pod', 'instance'];

test('every metric that alerts and dashboard name is exported, with the labels that they ask for', async () => {
  const series = await exported();
  const named = new Set(expressions.flatMap(seriesIn));
  assert.ok(named.size > 12);
  assert.deepEqual(
    [...named].filter((name) => name !== 'up' && !series.has(name)),
    [],
  );
  for (const expression of expressions) {
    for (const [, name = '', matchers = ''] of expression.matchAll(/([a-z_0-9]+)\{([^}]*)\}/g)) {
      const labels = [...matchers.matchAll(/(\w+)=/g)].map(([, label = '']) => label);
      assert.deepEqual(
        labels.filter((label) => !ofTheScrape.includes(label) && !series.get(name)?.has(label)),
        [],
        name,
      );
    }
    const grouped = [...expression.matchAll(/(?:by|on) \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', '));
    const known = new Set([...ofTheScrape, ...seriesIn(expression).flatMap((name) => [...(series.get(name) ?? [])])]);
    assert.deepEqual(
      grouped.filter((label) => !known.has(label)),
      [],
      expression,
    );
  }
});

test('no metric has the name of a run, a model or a pod of one as a label', async () => {
  const labels = new Set([...(await exported())].flatMap(([, own]) => [...own]));
  assert.deepEqual(
    [...labels].filter((label) => ['run', 'model', 'pod', 'namespace', 'state'].includes(label)),
    [],
  );
});

test('alerts and panels look at one release alone', () => {
  for (const expression of expressions)
    for (const [, matchers = ''] of expression.matchAll(/\{([^}]*)\}/g))
      assert.ok(matchers.startsWith(selector), expression);
});

test('every panel has a place of its own and says what it shows', () => {
  const ids = dashboard.panels.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  const taken = new Set<string>();
  for (const { title, type, description, targets, gridPos } of dashboard.panels) {
    for (let { x } = gridPos; x < gridPos.x + gridPos.w; x++) {
      assert.ok(x < 24, title);
      for (let { y } = gridPos; y < gridPos.y + gridPos.h; y++) {
        assert.ok(!taken.has(`${x},${y}`), `${title} lies over another panel`);
        taken.add(`${x},${y}`);
      }
    }
    if (type === 'row') continue;
    assert.ok(targets.length > 0 && (description ?? '') !== '', title);
  }
});

test('docs/alerts.md names every metric of the operator', async () => {
  const { registry, watch } = createMetrics();
  watch({ runs: { all: () => [] }, queue: { depth: 0, longestMs: 0 } } as unknown as RunController);
  const page = readFileSync(join(chart, '../../docs/alerts.md'), 'utf8');
  const own = registry.getMetricsAsArray().filter(({ name }) => !/^(process|nodejs)_/.test(name));
  assert.ok(own.length > 8);
  for (const { name } of own) assert.match(page, new RegExp(`\\| .*\`${name}[\`{].* \\|`), name);
});

/** An alert as docs/alerts.md heads it. */
const headOf = ({ alert, labels, for: pending }: Alert) =>
  `## ${alert}\n\n${labels.severity}, ${pending === undefined ? 'at once' : `after ${pending}`}\n\n**It means**`;

test('docs/alerts.md says of every alert, and of no other, what it means, what to look at and what to do', () => {
  const page = readFileSync(join(chart, '../../docs/alerts.md'), 'utf8');
  const sections = page.split(/^(?=## )/m).slice(1);
  assert.equal(sections.length, alerts.length);
  for (const [i, alert] of alerts.entries()) {
    assert.ok(sections[i]?.startsWith(headOf(alert)), `${alert.alert}: the page should have\n${headOf(alert)}`);
    assert.match(sections[i] ?? '', /\n\*\*Look at\*\*[\s\S]*\n\*\*Do\*\* /);
  }
});

interface Rules {
  spec: { groups: { rules: { alert: string; expr: string; labels: object; annotations: Record<string, string> }[] }[] };
}

test('rules and dashboard in the chart', { skip: noHelm }, async (t) => {
  const renderRules = (values: object) =>
    render({ values: { metrics: { prometheusRules: { enabled: true, ...values } } } }).find(
      ({ kind }) => kind === 'PrometheusRule',
    ) as unknown as Rules & { metadata: { labels: Record<string, string> } };

  await t.test('are left out unless they are wanted', () => {
    const names = render().map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    assert.deepEqual(
      names.filter((name) => /PrometheusRule|dashboard/.test(name)),
      [],
    );
  });

  await t.test('the rules are those of the file, for this release', () => {
    assert.deepEqual(renderRules({}).spec, alertsFor(selector));
    assert.deepEqual(renderRules({ selector: 'app="x"' }).spec, alertsFor('app="x"'));
  });

  await t.test('labels, left out alerts and links are what the values say', () => {
    const { metadata, spec } = renderRules({
      labels: { release: 'prometheus' },
      alertLabels: { team: 'vision' },
      disabled: ['DdrRunsFailed'],
      runbookUrl: 'https://docs.example/alerts.md',
    });
    const rules = spec.groups.flatMap((group) => group.rules);
    assert.equal(metadata.labels.release, 'prometheus');
    assert.equal(rules.length, alerts.length - 1);
    assert.deepEqual(rules[0]?.labels, { severity: 'critical', team: 'vision' });
    assert.equal(rules[0]?.annotations.runbook_url, 'https://docs.example/alerts.md#ddroperatordown');
    assert.equal(rules[0]?.annotations.summary, alerts[0]?.annotations.summary);
  });

  await t.test('the dashboard is a ConfigMap for Grafana’s sidecar', () => {
    const values = { metrics: { dashboard: { enabled: true, namespace: 'grafana', annotations: { folder: 'ML' } } } };
    const configMap = render({ values }).find(({ metadata }) => metadata.name === 'ddr-operator-dashboard');
    assert.equal(configMap?.metadata.namespace, 'grafana');
    assert.equal(configMap.metadata.labels?.grafana_dashboard, '1');
    assert.deepEqual(configMap.metadata.annotations, { folder: 'ML' });
    const { data } = configMap as unknown as { data: Record<string, string> };
    assert.deepEqual(
      JSON.parse(data['disentangled-diffusion.json'] ?? ''),
      JSON.parse(readFileSync(join(chart, 'files/dashboard.json'), 'utf8')),
    );
  });
});
