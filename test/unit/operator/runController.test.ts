import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../../src/operator/kube/client.ts';
import { types } from '../../../src/operator/types.ts';
import { startController } from '../../helpers/controller.ts';

test('a standby watches and acts on nothing; when it leads it knows what is there already', async (t) => {
  const { clock, objects, controller, begin, models } = startController(t, { schedule: { states: 1 } });
  begin({ leading: false });
  await controller.synced;
  await clock.advance(60_000);
  assert.ok(controller.hasSynced());
  assert.deepEqual([models(), [...controller.runs.all()].length], [[], 1]);
  controller.start();
  await clock.advance(1000);
  assert.deepEqual(models(), ['0']);
  assert.equal(objects.list(types.claim).length, 1);
});

test('what is deleted of a run is made again at once', async (t) => {
  const { clock, objects, begin, models } = startController(t, { schedule: { states: 1 } });
  begin();
  await clock.advance(1000);
  const [job] = objects.list(types.job);
  objects.delete(types.job, `${job?.metadata.namespace}/${job?.metadata.name}`);
  assert.deepEqual(models(), []);
  await clock.advance(1000);
  assert.deepEqual(models(), ['0']);
});

test('many events are one look, and each of them is looked at soon', async (t) => {
  const { clock, client, begin, looks, waited } = startController(t, { schedule: { states: 10 } });
  begin();
  await clock.advance(5000);
  const before = looks();
  const [job] = (await client.list(types.job, {})).items;
  for (let i = 0; i < 100; i++) {
    await client.apply(
      types.job,
      { ...(job as KubeObject), status: { active: i } },
      { fieldManager: 'test', subresource: 'status' },
    );
    await clock.advance(10);
  }
  await clock.advance(1000);
  assert.ok(looks() - before <= 6, `${looks() - before} looks in a second`);
  assert.ok(Math.max(...waited) <= 0.2, `${Math.max(...waited)} s`);
});
