import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { retryAnnotation } from '../../../src/api/names.ts';
import { nameOf, requestRetry, retry } from '../../../src/cli/retry.ts';
import { MemoryClient } from '../../../src/local/memoryClient.ts';
import { Objects } from '../../../src/local/objects.ts';
import { types } from '../../../src/operator/types.ts';
import { temporaryFolder } from '../../helpers/folder.ts';
import { ManualClock } from '../../helpers/manualClock.ts';
import { minimalRun } from '../../helpers/runs.ts';

test('a run is meant by its name, or by the file that describes it', (t) => {
  assert.deepEqual(nameOf('digits', undefined), { name: 'digits', namespace: undefined });
  assert.deepEqual(nameOf('digits', 'n'), { name: 'digits', namespace: 'n' });
  const file = join(temporaryFolder(t), 'run.yaml');
  const run = minimalRun('faces');
  writeFileSync(file, JSON.stringify({ ...run, metadata: { ...run.metadata, namespace: 'team' } }));
  assert.deepEqual(nameOf(file, undefined), { name: 'faces', namespace: 'team' });
  assert.deepEqual(nameOf(file, 'other'), { name: 'faces', namespace: 'other' });
});

test('a folder of the name of a run does not stand for its file', (t) => {
  const folder = temporaryFolder(t);
  const here = process.cwd();
  t.after(() => process.chdir(here));
  process.chdir(folder);
  mkdirSync('digits');
  assert.deepEqual(nameOf('digits', 'n'), { name: 'digits', namespace: 'n' });
});

test('a retry sets the annotation to the time, and leaves the spec and other annotations as they are', async () => {
  const objects = new Objects(() => 0);
  const client = new MemoryClient(objects, new ManualClock());
  const run = minimalRun();
  const metadata = { name: 'digits', namespace: 'n', annotations: { mine: 'kept' } };
  const before = objects.create(types.run, { ...run, metadata, status: { phase: 'Failed' } });
  assert.match(await requestRetry(client, 'n', 'digits', 0), /^n\/digits was Failed/);
  const after = await client.get(types.run, 'n', 'digits');
  assert.deepEqual(after?.metadata.annotations, { mine: 'kept', [retryAnnotation]: '1970-01-01T00:00:00.000Z' });
  assert.deepEqual([after?.spec, after?.metadata.generation], [before.spec, before.metadata.generation]);
  await requestRetry(client, 'n', 'digits', 1000);
  const again = await client.get(types.run, 'n', 'digits');
  assert.equal(again?.metadata.annotations?.[retryAnnotation], '1970-01-01T00:00:01.000Z');
});

test('a run that is not there is not created', async () => {
  const objects = new Objects(() => 0);
  const client = new MemoryClient(objects, new ManualClock());
  await assert.rejects(requestRetry(client, 'n', 'gone', 0), { code: 'InputMissing', where: 'n/gone' });
  assert.deepEqual(objects.list(types.run), []);
});

test('without a cluster it is said what is missing', async (t) => {
  const { KUBECONFIG, HOME } = process.env;
  t.after(() => Object.assign(process.env, { ...(KUBECONFIG !== undefined && { KUBECONFIG }), HOME }));
  delete process.env.KUBECONFIG;
  process.env.HOME = temporaryFolder(t);
  await assert.rejects(retry('digits', undefined), { code: 'InputMissing', hint: /KUBECONFIG/ });
});
