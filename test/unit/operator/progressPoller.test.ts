import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { labels } from '../../../src/api/names.ts';
import type { KubeObject } from '../../../src/operator/kube/client.ts';
import { systemClock } from '../../../src/operator/kube/clock.ts';
import { ObjectStore } from '../../../src/operator/kube/store.ts';
import { ProgressPoller } from '../../../src/operator/progressPoller.ts';
import { root } from '../../helpers/ddr.ts';
import { ManualClock } from '../../helpers/manualClock.ts';
import { listen, startProxy } from '../../helpers/proxy.ts';

const pod = (name: string, port: number, phase = 'Running'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'n', name, labels: { [labels.component]: 'train', [labels.run]: 'digits' } },
  spec: { containers: [{ ports: [{ name: 'http', containerPort: port }] }] },
  status: { phase, podIP: '127.0.0.1' },
});

const answer = JSON.stringify({ phase: 'Running', done: 5, total: 10, perSecond: 2 });

test('running trainer pods are asked how far they are; one that answers nonsense, or nothing, is no news', async (t) => {
  const good = await listen(
    t,
    createServer(({ url }, response) => response.end(url === '/progress' ? answer : '')),
  );
  const nonsense = await listen(
    t,
    createServer((_, response) => response.end('<html>')),
  );
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
  });
  const pods = new ObjectStore();
  for (const object of [
    pod('good', good),
    pod('nonsense', nonsense),
    pod('endless', await listen(t, endless)),
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

test('a pod is asked without the proxy that the environment gives to all calls', async (t) => {
  const port = await listen(
    t,
    createServer((_, response) => response.end(answer)),
  );
  const { url, asked } = await startProxy(t, port);
  const script = `
    const { ProgressPoller } = await import('${join(root, 'src/operator/progressPoller.ts')}');
    const { systemClock } = await import('${join(root, 'src/operator/kube/clock.ts')}');
    const pods = { all: () => [${JSON.stringify(pod('good', port))}] };
    const poller = new ProgressPoller({ pods, clock: systemClock, intervalMs: 1, onProgress: (key) => { console.log(key); process.exit(); } });
    poller.start();
    setTimeout(() => process.exit(1), 5000);`;
  const env = {
    ...process.env,
    NODE_USE_ENV_PROXY: '1',
    HTTP_PROXY: url,
    HTTPS_PROXY: url,
    NO_PROXY: '',
    no_proxy: '',
  };
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { env, stdio: 'ignore' });
  assert.equal(await new Promise((resolve) => child.on('exit', resolve)), 0);
  assert.deepEqual(asked, []);
});

test('however many pods run, so many are asked a second, each in its turn', async (t) => {
  const port = await listen(
    t,
    createServer((_, response) => response.end(answer)),
  );
  const pods = new ObjectStore();
  for (let i = 0; i < 25; i++) {
    const { metadata, ...rest } = pod(`pod-${i}`, port);
    pods.set({ ...rest, metadata: { ...metadata, labels: { ...metadata.labels, [labels.run]: `run-${i}` } } });
  }
  const asked: string[] = [];
  const onProgress = (key: string) => asked.push(key);
  const clock = new ManualClock();
  const poller = new ProgressPoller({ pods, clock, onProgress, intervalMs: 5000, podsPerSecond: 10 });
  poller.start();
  const second = async (count: number) => {
    await clock.advance(1000);
    for (let i = 0; asked.length < count && i < 100; i++) await wait(10);
    await wait(20);
    assert.equal(asked.length, count);
  };
  await second(10);
  await second(20);
  await second(25);
  assert.equal(new Set(asked).size, 25, 'each once');
  await second(25); // all were asked less than five seconds ago
  await second(25);
  await second(35);
  assert.equal(new Set(asked.slice(25)).size, 10);
  assert.deepEqual(asked.slice(25).sort(), asked.slice(0, 10).sort(), 'those first that were asked first');
  const stopped = poller.stop();
  await clock.advance(1000);
  await stopped;
});
