import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../../../../src/local/freePort.ts';
import { startProgressServer } from '../../../../src/trainer/process/http.ts';

test('progress and metrics are answered while the main thread is blocked', async () => {
  const port = await freePort();
  const server = startProgressServer(port, (error) => assert.fail(error));
  server.report({ phase: 'Running', done: 5, total: 10, perSecond: 2.5, loss: 0.25 });
  const ask = async (path: string) => {
    for (let i = 0; i < 100; i++) {
      try {
        const response = await fetch(`http://127.0.0.1:${port}${path}`);
        return { status: response.status, body: await response.text() };
      } catch {
        await wait(50); // the thread is starting
      }
    }
    return assert.fail('nobody answers');
  };
  await ask('/healthz');
  // Another process asks while this one does nothing but wait for it: only the worker thread can answer.
  const script = `fetch('http://127.0.0.1:${port}/progress').then((r) => r.text()).then((t) => process.stdout.write(t))`;
  const { stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(stdout), { phase: 'Running', done: 5, total: 10, perSecond: 2.5, loss: 0.25 });
  assert.deepEqual(await ask('/healthz'), { status: 200, body: 'ok' });
  const { body } = await ask('/metrics');
  assert.match(body, /^ddr_trainer_done 5$/m);
  assert.match(body, /^ddr_trainer_loss 0\.25$/m);
  assert.equal((await ask('/else')).status, 404);
  await server.close();
});

test('no port means no server', async () => {
  const server = startProgressServer(undefined, assert.fail);
  server.report({ phase: 'Done', done: 1, total: 1 });
  await server.close();
});
