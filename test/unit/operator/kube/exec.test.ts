import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ExecFault, FakeCluster, type FakeClusterOptions } from '../../../helpers/fakeCluster.ts';
import { temporaryFolder } from '../../../helpers/folder.ts';

const where = { namespace: 'n', pod: 'p', container: 'c' };
const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'n' } };
const script = (text: string) => ['node', '-e', text];

async function started(t: TestContext, options: Partial<FakeClusterOptions> = {}) {
  const cluster = new FakeCluster({ folder: temporaryFolder(t), mount: '/there', objects: [pod], ...options });
  return { cluster, client: await cluster.start(t) };
}

test('what a command writes comes back, and how it ended', async (t) => {
  const folder = temporaryFolder(t);
  const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 251));
  writeFileSync(join(folder, 'file'), bytes);
  const { client } = await started(t, { folder });
  const cat = `process.stdout.write(require('node:fs').readFileSync('/there/file')); process.stderr.write('done')`;
  const { stdout, ...rest } = await client.exec(where, script(cat), { most: 2 ** 20 });
  assert.ok(bytes.equals(stdout));
  assert.deepEqual(rest, { stderr: 'done', succeeded: true, message: '' });
  const failed = await client.exec(where, script('process.exit(3)'), { most: 10 });
  assert.deepEqual([failed.succeeded, failed.message], [false, 'exit code 3']);
});

test('more than is to be held is refused', async (t) => {
  const { client } = await started(t);
  await assert.rejects(
    client.exec(where, script('process.stdout.write("x".repeat(100))'), { most: 99 }),
    /more than 99/,
  );
});

for (const [name, fault, message] of [
  ['that is cut', 'cut', /closed before|connection/],
  ['on which nothing is heard', 'silent', /nothing was heard/],
  ['that the server does not open', { status: 502, reason: 'Bad Gateway' }, /./],
] as const satisfies [string, ExecFault, RegExp][])
  test(`a connection ${name} fails, and the next is as good as new`, async (t) => {
    const { client } = await started(t, { fault: (n) => (n === 0 ? fault : 'none') });
    const options = { most: 100 };
    const command = script('process.stdout.write("x")');
    const timeout = fault === 'silent' ? 200 : 20_000;
    await assert.rejects(client.exec(where, command, { ...options, timeout }), message);
    assert.equal(Buffer.from((await client.exec(where, command, options)).stdout).toString(), 'x');
  });

test('a refusal is told as the server tells it', async (t) => {
  const { client } = await started(t, { allows: (_, resource) => resource !== 'pods/exec' });
  await assert.rejects(client.exec(where, script(''), { most: 10 }), { status: 403, message: /cannot get pods\/exec/ });
  const { client: other } = await started(t, { objects: [] });
  await assert.rejects(other.exec(where, script(''), { most: 10 }), { status: 404 });
});

test('a signal ends the wait', async (t) => {
  const { client } = await started(t, { fault: () => 'silent' });
  const stop = new AbortController();
  const pending = client.exec(where, script(''), { most: 10, signal: stop.signal });
  setTimeout(() => stop.abort(new Error('enough')), 100);
  await assert.rejects(pending, /enough/);
  await assert.rejects(client.exec(where, script(''), { most: 10, signal: stop.signal }), /enough/);
});
