import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { labels } from '../../../src/api/names.ts';
import { systemClock } from '../../../src/operator/kube/clock.ts';
import type { KubeObject } from '../../../src/operator/kube/cluster.ts';
import { ObjectStore } from '../../../src/operator/kube/store.ts';
import { ProgressPoller } from '../../../src/operator/progressPoller.ts';

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
