import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort } from '../../../src/local/freePort.ts';
import { startHttpServer } from '../../../src/operator/httpServer.ts';
import type { KubeObject } from '../../../src/operator/kube/client.ts';
import { ObjectStore } from '../../../src/operator/kube/store.ts';
import { createMetrics } from '../../../src/operator/metrics.ts';
import type { RunController } from '../../../src/operator/runController.ts';

test('health, readiness and metrics are served', async () => {
  const { registry, controllerMetrics, watch } = createMetrics();
  const runs = new ObjectStore();
  const run = (name: string, status: object): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Run',
    metadata: { namespace: 'n', name },
    status,
  });
  const models = { total: 3, pending: 1, active: 1, done: 1, failed: 0, summary: '1/3', retries: 0, states: {} };
  runs.set(run('a', { phase: 'Training', models }));
  runs.set(run('b', {}));
  watch({ runs, queue: { depth: 2, longestMs: 1500 } } as unknown as RunController);
  controllerMetrics.reconciled('error', 0.2);
  let ready = false;
  const port = await freePort();
  const close = startHttpServer({ port, registry, healthy: () => true, ready: () => ready });
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return [response.status, await response.text()] as const;
  };
  assert.deepEqual(await get('/healthz'), [200, 'ok']);
  assert.equal((await get('/readyz'))[0], 503);
  ready = true;
  assert.equal((await get('/readyz'))[0], 200);
  assert.equal((await get('/secrets'))[0], 404);
  const [, metrics] = await get('/metrics');
  for (const line of [
    'controller_runtime_reconcile_errors_total{controller="disentangleddiffusionrun"} 1',
    'workqueue_depth{name="disentangleddiffusionrun"} 2',
    'workqueue_longest_running_processor_seconds{name="disentangleddiffusionrun"} 1.5',
    'ddr_runs{phase="Training"} 1',
    'ddr_runs{phase="Pending"} 1',
    'ddr_models{phase="done"} 1',
  ]) {
    assert.ok(metrics.includes(line), line);
  }
  close();
});
