import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { startContainer } from '../../../src/local/containerProcess.ts';
import { parsePodSpec } from '../../../src/local/podSpec.ts';
import { leftovers } from '../../helpers/ddr.ts';
import { temporaryFolder } from '../../helpers/folder.ts';

/** A container that runs a script of Node. */
async function start(
  t: TestContext,
  script: string,
  container: object = {},
  secretOf?: (variable: string) => string | undefined,
) {
  const folder = temporaryFolder(t);
  const log = join(folder, 'log');
  const started = await startContainer({
    spec: parsePodSpec({ containers: [{ name: 'trainer', image: 'any', args: [script], ...container }] }, ''),
    commandOf: () => [process.execPath, '-e'],
    folderOf: (claim) => join(folder, claim),
    secretOf,
    output: openSync(log, 'a'),
  });
  return { ...started, folder, log: () => readFileSync(log, 'utf8') };
}

test('a process gets what its pod names and where programs are, but nothing else of this environment', async (t) => {
  process.env.MY_TOKEN = 'secret';
  t.after(() => delete process.env.MY_TOKEN);
  const { ended, log } = await start(t, 'console.log(JSON.stringify(process.env))', {
    env: [{ name: 'A', value: 'b' }],
  });
  assert.equal((await ended).exitCode, 0);
  const { A, PATH, MY_TOKEN, DDR_EXIT_WITH_PARENT } = JSON.parse(log()) as NodeJS.ProcessEnv;
  assert.deepEqual([A, PATH, MY_TOKEN, DDR_EXIT_WITH_PARENT], ['b', process.env.PATH, undefined, '1']);
});

test('a variable from a Secret is what whoever started the cluster says, or is left out', async (t) => {
  const reference = (key: string) => ({ name: `DDR_STORE_${key}`, valueFrom: { secretKeyRef: { name: 's', key } } });
  const { ended, log } = await start(
    t,
    'console.log(JSON.stringify(process.env))',
    { env: [reference('AWS_ACCESS_KEY_ID'), reference('AWS_SESSION_TOKEN')] },
    (variable) => (variable === 'DDR_STORE_AWS_ACCESS_KEY_ID' ? 'key' : undefined),
  );
  await ended;
  const env = JSON.parse(log()) as NodeJS.ProcessEnv;
  assert.deepEqual([env.DDR_STORE_AWS_ACCESS_KEY_ID, 'DDR_STORE_AWS_SESSION_TOKEN' in env], ['key', false]);
});

test('its termination message is what it wrote, at most 4 KiB; its temporary folder goes with it', async (t) => {
  const script = "fs.writeFileSync(process.env.DDR_TERMINATION_LOG, 'x'.repeat(5000)); console.log(process.env.TMPDIR)";
  const { ended, log } = await start(t, script);
  assert.equal((await ended).message, 'x'.repeat(4096));
  assert.equal(existsSync(log().trim()), false);
});

test('the end has the exit code of a shell where a signal made it, or nothing could be started', async (t) => {
  const terminated = await start(t, 'process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)');
  assert.deepEqual(await terminated.ended, { exitCode: 143, signal: 'SIGTERM', message: '' });
  const missing = await start(t, '', { command: ['/no/such/program'] });
  const { exitCode, message } = await missing.ended;
  assert.equal(exitCode, 127);
  assert.match(message, /ENOENT/);
});

test('what a process has started ends with it', async (t) => {
  const folder = temporaryFolder(t);
  const script = `require('child_process').spawn('sleep', ['100'], { stdio: 'ignore', env: { ...process.env, MARK: '${folder}' } }).unref()`;
  const { ended } = await start(t, script);
  await ended;
  for (let i = 0; leftovers(folder).length > 0; i++) {
    assert.ok(i < 50, 'it is still there');
    await wait(20);
  }
});

test('output goes to the given file, which is closed here', async (t) => {
  const folder = temporaryFolder(t);
  const output = openSync(join(folder, 'log'), 'a');
  const spec = parsePodSpec(
    { containers: [{ name: 'a', image: 'any', volumeMounts: [{ name: 'no', mountPath: '/a' }] }] },
    '',
  );
  const options = { spec, commandOf: () => ['true'], folderOf: String, output };
  await assert.rejects(startContainer(options), { code: 'InvalidSpec' });
  assert.throws(() => closeSync(output), { code: 'EBADF' });
});
