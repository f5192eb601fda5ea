import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryClient } from '../../../src/local/memoryClient.ts';
import { Objects } from '../../../src/local/objects.ts';
import type { KubeObject } from '../../../src/operator/kube/client.ts';
import { types } from '../../../src/operator/types.ts';
import { testClient } from '../../helpers/clientBehaviour.ts';
import { ManualClock } from '../../helpers/manualClock.ts';

const clock = new ManualClock();
const client = new MemoryClient(new Objects(() => clock.now()), clock);

testClient(() => client);

test('a watch ends after its time', async () => {
  const { resourceVersion } = await client.list(types.pod, {});
  const watch = client.watch(types.pod, { resourceVersion, timeoutSeconds: 60 });
  const next = watch.next();
  await clock.advance(60_000);
  assert.deepEqual(await next, { done: true, value: undefined });
});

const pod = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'n', name } });

test('a watch from an old version tells what happened since, then goes on', async () => {
  const objects = new Objects(Date.now);
  const client = new MemoryClient(objects, new ManualClock());
  objects.create(types.pod, pod('before'));
  const { resourceVersion } = await client.list(types.pod, {});
  objects.create(types.pod, pod('missed'));
  const stop = new AbortController();
  const seen: string[] = [];
  for await (const event of client.watch(types.pod, { resourceVersion, timeoutSeconds: 60, signal: stop.signal })) {
    if (event.type === 'BOOKMARK') continue;
    seen.push(`${event.type} ${event.object.metadata.name}`);
    if (seen.length === 1) objects.create(types.pod, pod('next'));
    else stop.abort();
  }
  assert.deepEqual(seen, ['ADDED missed', 'ADDED next']);
});

test('a version that is too old is said to be', async () => {
  const objects = new Objects(Date.now);
  const client = new MemoryClient(objects, new ManualClock());
  for (let i = 0; i < 2100; i++) objects.apply(types.pod, { ...pod('p'), spec: { i } }, 'me');
  const watch = client.watch(types.pod, { resourceVersion: '1', timeoutSeconds: 60 });
  await assert.rejects(watch.next(), { status: 410 });
});
