import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryCluster } from '../../../src/local/memoryCluster.ts';
import { Objects } from '../../../src/local/objects.ts';
import { types } from '../../../src/operator/types.ts';
import { testCluster } from '../../helpers/clusterBehaviour.ts';
import { ManualClock } from '../../helpers/manualClock.ts';

const clock = new ManualClock();
const cluster = new MemoryCluster(new Objects(() => clock.now()), clock);

testCluster(() => cluster);

test('a watch ends after its time', async () => {
  const { resourceVersion } = await cluster.list(types.pod, {});
  const watch = cluster.watch(types.pod, { resourceVersion, timeoutSeconds: 60 });
  const next = watch.next();
  await clock.advance(60_000);
  assert.deepEqual(await next, { done: true, value: undefined });
});
