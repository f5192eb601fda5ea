import assert from 'node:assert/strict';
import { test } from 'node:test';
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
