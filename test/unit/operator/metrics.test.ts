import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '../../../src/operator/metrics.ts';
import { types } from '../../../src/operator/types.ts';
import { startController } from '../../helpers/controller.ts';

test('reconciliations are counted by result and timed, under controller-runtime’s names', async () => {
  const { registry, controllerMetrics } = createMetrics();
  controllerMetrics.reconciled('success', 0.02);
  controllerMetrics.reconciled('error', 3);
  controllerMetrics.active(2);
  const text = await registry.metrics();
  const label = 'controller="disentangleddiffusionrun"';
  for (const line of [
    `controller_runtime_reconcile_total{${label},result="success"} 1`,
    `controller_runtime_reconcile_errors_total{${label}} 1`,
    `controller_runtime_reconcile_time_seconds_count{${label}} 2`,
    `controller_runtime_active_workers{${label}} 2`,
  ])
    assert.ok(text.includes(`${line}\n`), line);
});

test('how long events wait is a histogram; changes that a watch missed are counted, and are 0 from the start', async () => {
  const { registry, controllerMetrics } = createMetrics();
  assert.match(await registry.metrics(), /ddr_watch_missed_events_total\{resource="pods"\} 0\n/);
  controllerMetrics.waited(0.07);
  controllerMetrics.missed(types.job);
  const text = await registry.metrics();
  for (const line of [
    'ddr_watch_to_reconcile_seconds_bucket{le="0.05"} 0',
    'ddr_watch_to_reconcile_seconds_bucket{le="0.1"} 1',
    'ddr_watch_missed_events_total{resource="jobs"} 1',
  ])
    assert.ok(text.includes(`${line}\n`), line);
});

test('answers of the API server are counted by code and method, under client-go’s name', async () => {
  const { registry, answered } = createMetrics();
  answered('PATCH', 200);
  answered('PATCH', 200);
  answered('POST', 409);
  const text = await registry.metrics();
  for (const line of ['{method="PATCH",code="200"} 2', '{method="POST",code="409"} 1'])
    assert.ok(text.includes(`rest_client_requests_total${line}\n`), line);
});

test('runs and models are counted by phase; a status that cannot be read counts as none', async (t) => {
  const { registry, watch } = createMetrics();
  const { clock, controller, begin } = startController(t, { schedule: { states: 3 } });
  watch(controller);
  begin();
  await clock.advance(1000);
  const text = await registry.metrics();
  for (const line of ['ddr_runs{phase="Training"} 1', 'ddr_runs{phase="Failed"} 0', 'ddr_models{phase="active"} 3'])
    assert.ok(text.includes(`${line}\n`), line);
  assert.match(text, /workqueue_depth\{name="disentangleddiffusionrun"\} 0/);
});
