import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { parseTermination } from '../../../../src/api/termination.ts';
import { parseEnvironment } from '../../../../src/trainer/process/environment.ts';
import { startProgressServer } from '../../../../src/trainer/process/http.ts';
import { root } from '../../../helpers/ddr.ts';
import { temporaryFolder } from '../../../helpers/trainer.ts';

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

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

test('every wrong variable is named', () => {
  assert.throws(
    () => parseEnvironment({ DDR_HTTP_PORT: 'http', JOB_COMPLETION_INDEX: '-1' }),
    (error: Error) =>
      ['DDR_RUN_DIR', 'DDR_HTTP_PORT', 'JOB_COMPLETION_INDEX'].every((name) => error.message.includes(name)),
  );
});

test('a process without a task, or with another’s subcommand, ends with its code and a last word', (t) => {
  const folder = temporaryFolder(t);
  const word = join(folder, 'word');
  const run = (args: string[], task: string | undefined, variables: NodeJS.ProcessEnv = {}) => {
    const env = {
      ...process.env,
      DDR_RUN_DIR: folder,
      DDR_TERMINATION_LOG: word,
      ...variables,
      ...(task === undefined ? {} : { DDR_TASK: task }),
    };
    const { status } = spawnSync(process.execPath, [join(root, 'src/trainer/main.ts'), ...args], { env });
    const termination = parseTermination(existsSync(word) ? readFileSync(word, 'utf8') : undefined);
    return [status, termination?.outcome === 'Failed' ? termination.code : undefined];
  };
  assert.deepEqual(run(['train'], undefined), [78, 'InvalidTask']);
  assert.deepEqual(run(['train'], '{"kind":"sample"}'), [78, 'InvalidTask']);
  rmSync(word);
  assert.deepEqual(run(['train'], undefined, { DDR_LOG_LEVEL: 'chatty' }), [78, 'InvalidTask']);
  rmSync(word);
  const nowhere = { DDR_TERMINATION_LOG: join(folder, 'not-there', 'word') };
  assert.deepEqual(
    run(['train'], undefined, nowhere),
    [78, undefined],
    'a last word that is lost changes nothing else',
  );
});

test('a signal handler is there before anything else is loaded, since the first process of a container has no other', () => {
  const [main, stop] = ['main.ts', 'process/stop.ts'].map((name) =>
    readFileSync(join(root, 'src/trainer', name), 'utf8'),
  );
  assert.deepEqual(main?.match(/^import .*$/gm), ["import './process/stop.ts';"]);
  assert.equal(stop?.match(/^import .*$/gm), null);
});
