import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createClaimStore } from '../../../../src/cli/fetch/claimStore.ts';
import { Reader } from '../../../../src/cli/fetch/reader.ts';
import type { KubeObject } from '../../../../src/operator/kube/client.ts';
import { systemClock } from '../../../../src/operator/kube/clock.ts';
import { FakeCluster, type FakeClusterOptions } from '../../../helpers/fakeCluster.ts';
import { temporaryFolder } from '../../../helpers/folder.ts';

/** Waits are a hundred times shorter. */
const hasty = { ...systemClock, after: (ms: number, then: () => void) => systemClock.after(ms / 100, then) };

const labels = { 'tspace.dev/reader': 'test' };
const podOf = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'n', labels },
});

async function started(t: TestContext, options: Partial<FakeClusterOptions> = {}) {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'f'), 'content');
  const cluster = new FakeCluster({ folder, mount: '/claim', ...options });
  const client = await cluster.start(t);
  const stop = new AbortController();
  const notes: string[] = [];
  let made = 0;
  const context = {
    client,
    clock: hasty,
    random: () => 0,
    signal: stop.signal,
    note: (text: string) => void notes.push(text),
  };
  const reader = new Reader(context, () => podOf(`pod-${made++}`));
  const read = async () => Buffer.from((await createClaimStore(reader.run, '/claim', 'c').read('f')) ?? '').toString();
  return { cluster, reader, stop, notes, read };
}

test('one pod is made when it is first needed, serves all, and is deleted in the end', async (t) => {
  const { cluster, reader, read } = await started(t);
  assert.deepEqual(cluster.made, []);
  assert.deepEqual(await Promise.all([read(), read(), read()]), ['content', 'content', 'content']);
  assert.deepEqual([cluster.made.length, cluster.pods().length], [1, 1]);
  await reader.close();
  assert.deepEqual(cluster.pods(), []);
});

test('a connection that is cut, or loses bytes, is tried again', async (t) => {
  const faults = ['cut', 'short', { status: 502, reason: 'Bad Gateway' }] as const;
  const { cluster, reader, read } = await started(t, { fault: (n) => faults[n] ?? 'none' });
  assert.equal(await read(), 'content');
  assert.deepEqual([cluster.commands, cluster.made.length], [4, 1]);
  await reader.close();
});

test('a pod that has gone is made anew', async (t) => {
  const { cluster, reader, read } = await started(t);
  await read();
  cluster.loseItsPods();
  assert.equal(await read(), 'content');
  assert.equal(cluster.made.length, 2);
  await reader.close();
  assert.deepEqual(cluster.pods(), []);
});

test('a connection that is always cut is given up, with a code', async (t) => {
  const { cluster, reader, read } = await started(t, { fault: () => 'cut' });
  await assert.rejects(read(), { code: 'ClusterUnavailable', where: 'pod n/pod-0', hint: /goes on/ });
  await reader.close();
  assert.deepEqual([cluster.commands, cluster.pods()], [6, []]);
});

test('who may run no command is told at once', async (t) => {
  const { cluster, reader, read } = await started(t, { allows: (_, resource) => resource !== 'pods/exec' });
  await assert.rejects(read(), { code: 'AccessDenied', message: /cannot get pods\/exec/ });
  await reader.close();
  assert.deepEqual([cluster.commands, cluster.pods()], [1, []]);
});

test('a pod that is refused, or cannot start, is a code with the reason', async (t) => {
  const { reader, read } = await started(t, { allows: (verb) => verb !== 'create' });
  await assert.rejects(read(), { code: 'PodNotStarted', message: /cannot create pods/ });
  await reader.close();
  const ended = await started(t, { podStatus: { phase: 'Failed', reason: 'Evicted' } });
  await assert.rejects(ended.read(), { code: 'PodNotStarted', message: /Evicted/ });
  await ended.reader.close();
  assert.deepEqual(ended.cluster.pods(), []);
});

test('a signal ends the wait, and what was made is deleted all the same', async (t) => {
  const { cluster, reader, stop, read } = await started(t, { fault: () => 'silent' });
  const pending = assert.rejects(read(), /enough/);
  while (cluster.commands === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  stop.abort(new Error('enough'));
  await pending;
  await reader.close();
  assert.deepEqual([cluster.made.length, cluster.pods()], [1, []]);
});

test('a pod that cannot be deleted is told of', async (t) => {
  const { reader, notes, read } = await started(t, { allows: (verb) => verb !== 'delete' });
  await read();
  await reader.close();
  assert.deepEqual(notes, ['pod n/pod-0 could not be deleted; it ends by itself within the hour']);
});

test('readers that were killed and have ended since are taken away, those at work are not', async (t) => {
  const old = (name: string, phase: string, own: Record<string, string> = labels) => ({
    ...podOf(name),
    metadata: { name, namespace: 'n', labels: own },
    status: { phase },
  });
  const objects = [old('ended', 'Failed'), old('works', 'Running')];
  const { cluster, reader, read } = await started(t, { objects });
  await read();
  await reader.close();
  assert.deepEqual(
    cluster.pods().map(({ metadata }) => metadata.name),
    ['works'],
  );
});
