import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { z } from 'zod';
import { chart } from './chart.ts';

const read = (file: string) => readFileSync(join(chart, 'files', file), 'utf8');

const alertSchema = z.strictObject({
  alert: z.string(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.strictObject({ severity: z.enum(['critical', 'warning', 'info']) }),
  annotations: z.strictObject({ summary: z.string(), description: z.string() }),
});
export type Alert = z.output<typeof alertSchema>;

/** The alerts of the chart, with the labels by which Prometheus is to know the operator. */
export function alertsFor(selector: string): { groups: { name: string; rules: Alert[] }[] } {
  const schema = z.strictObject({ groups: z.array(z.strictObject({ name: z.string(), rules: z.array(alertSchema) })) });
  return schema.parse(load(read('alerts.yaml').replaceAll('{OPERATOR', `{${selector}`)));
}

const panelSchema = z.object({
  id: z.number(),
  title: z.string(),
  type: z.enum(['row', 'stat', 'timeseries']),
  description: z.string().optional(),
  gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
  targets: z.array(z.object({ expr: z.string(), refId: z.string() })).default([]),
});

/** The dashboard of the chart. */
export const dashboard = z
  .object({
    uid: z.string(),
    templating: z.object({ list: z.array(z.object({ name: z.string(), query: z.unknown() })) }),
    panels: z.array(panelSchema),
  })
  .parse(JSON.parse(read('dashboard.json')));

/** What the dashboard asks Prometheus for, with its variables put in. */
export const dashboardQueries = (namespace: string, job: string): { title: string; expr: string }[] =>
  dashboard.panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }) => ({
      title,
      expr: expr.replaceAll('$namespace', namespace).replaceAll('$job', job).replaceAll('$__rate_interval', '1m'),
    })),
  );
