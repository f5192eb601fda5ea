import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { labels } from '../../../src/api/names.ts';
import { parseConfig } from '../../../src/operator/config.ts';
import { startHttpServer } from '../../../src/operator/httpServer.ts';
import { systemClock } from '../../../src/operator/kube/clock.ts';
import type { KubeObject } from '../../../src/operator/kube/cluster.ts';
import { ObjectStore } from '../../../src/operator/kube/store.ts';
import { createMetrics } from '../../../src/operator/metrics.ts';
import { ProgressPoller } from '../../../src/operator/progressPoller.ts';
import type { RunController } from '../../../src/operator/runController.ts';

test('every wrong setting is named', () => {
  const config = parseConfig({ DDR_TRAINER_IMAGE: 'trainer:1' });
  assert.deepEqual([config.DDR_WORKERS, config.DDR_LEADER_ELECTION, config.DDR_WATCH_NAMESPACE], [8, true, '']);
  assert.throws(
    () => parseConfig({ DDR_WORKERS: 'many', DDR_LEADER_ELECTION: 'maybe' }),
    (error: Error) =>
      ['DDR_TRAINER_IMAGE', 'DDR_WORKERS', 'DDR_LEADER_ELECTION'].every((name) => error.message.includes(name)),
  );
});

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
  watch({ runs, queueDepth: () => 2 } as unknown as RunController);
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
    'ddr_runs{phase="Training"} 1',
    'ddr_runs{phase="Pending"} 1',
    'ddr_models{phase="done"} 1',
  ]) {
    assert.ok(metrics.includes(line), line);
  }
  close();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('running trainer pods are asked how far they are; one that answers nonsense, or nothing, is no news', async (t) => {
  const answers: Record<string, string> = {
    '/progress': JSON.stringify({ phase: 'Running', done: 5, total: 10, perSecond: 2 }),
  };
  const server = createServer((request, response) => response.end(answers[request.url ?? ''])).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const good = (server.address() as AddressInfo).port;
  const nonsense = createServer((_request, response) => response.end('<html>')).listen(0, '127.0.0.1');
  await new Promise((resolve) => nonsense.once('listening', resolve));
  const part = 'x'.repeat(65_536);
  let sent = 0;
  let cutOff = false;
  const endless = createServer((_request, response) => {
    response.on('close', () => {
      cutOff = true;
    });
    const more = () => {
      do sent += part.length;
      while (response.write(part));
    };
    response.on('drain', more);
    more();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => endless.once('listening', resolve));
  t.after(() => {
    for (const each of [server, nonsense, endless]) {
      each.closeAllConnections();
      each.close();
    }
  });
  const pods = new ObjectStore();
  const pod = (name: string, port: number, phase = 'Running'): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'n', name, labels: { [labels.component]: 'train', [labels.run]: 'digits' } },
    spec: { containers: [{ ports: [{ name: 'http', containerPort: port }] }] },
    status: { phase, podIP: '127.0.0.1' },
  });
  for (const object of [
    pod('good', good),
    pod('nonsense', (nonsense.address() as AddressInfo).port),
    pod('endless', (endless.address() as AddressInfo).port),
    pod('silent', 1),
    pod('waiting', good, 'Pending'),
  ])
    pods.set(object);
  const told: string[] = [];
  const poller = new ProgressPoller({ pods, clock: systemClock, onProgress: (key) => told.push(key), intervalMs: 10 });
  poller.start();
  for (let i = 0; told.length === 0 && i < 100; i++) await wait(20);
  await poller.stop();
  assert.deepEqual([...poller.progress.keys()], ['good']);
  assert.equal(poller.progress.get('good')?.done, 5);
  assert.equal(told[0], 'n/digits');
  for (let i = 0; !cutOff && i < 100; i++) await wait(20);
  assert.ok(cutOff && sent < 8 * 2 ** 20, `${sent} bytes were taken`);
});
