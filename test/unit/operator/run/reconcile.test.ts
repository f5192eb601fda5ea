import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labels } from '../../../../src/api/names.ts';
import { ApiError } from '../../../../src/operator/kube/cluster.ts';
import { types } from '../../../../src/operator/types.ts';
import { startController } from '../../../helpers/controller.ts';

test('a conflict that is not about the name is tried again', async (t) => {
  const { clock, cluster, begin, models } = startController(t, { schedule: { states: 1 } });
  cluster.refuse = ({ kind }) =>
    kind === 'Job' ? new ApiError(409, 'Conflict', 'Operation cannot be fulfilled on resourcequotas "q"') : undefined;
  begin();
  await clock.advance(1000);
  assert.deepEqual(models(), []);
  cluster.refuse = () => undefined;
  await clock.advance(60_000);
  assert.deepEqual(models(), ['0']);
});

test('a child that is refused is named, and keeps no other from being created', async (t) => {
  const { clock, cluster, begin, models, stalled } = startController(t, {
    schedule: { states: 40 },
    execution: { maxParallel: 40 },
  });
  cluster.refuse = ({ metadata }) =>
    metadata.labels?.[labels.model] === '3' ? new ApiError(422, 'Invalid', 'spec.template is wrong') : undefined;
  begin();
  await clock.advance(50);
  assert.equal(models().length, 39);
  assert.deepEqual([stalled()?.status, stalled()?.reason], ['True', 'ChildRefused']);
  assert.match(stalled()?.message ?? '', /spec\.template is wrong/);
});

test('a status that cannot be read is written anew; it does not make the spec a wrong one', async (t) => {
  const { clock, begin, models, phases } = startController(t, { schedule: { states: 1 } }, { phase: 'Dancing' });
  begin();
  await clock.advance(1000);
  assert.deepEqual(models(), [undefined], 'the Job that prepares the data');
  assert.deepEqual([...phases], ['Dancing', 'Pending', 'Preparing']);
});

test('a spec that this operator cannot read is said so, and nothing is made of it', async (t) => {
  const { clock, objects, begin, stalled } = startController(t, { schedule: { states: 1, comes: 'later' } }, {});
  begin();
  await clock.advance(1000);
  assert.deepEqual([stalled()?.status, stalled()?.reason], ['True', 'InvalidSpec']);
  assert.match(stalled()?.message ?? '', /comes/);
  assert.deepEqual(objects.list(types.job), []);
});

test('a run whose time to live is over is deleted', async (t) => {
  const finishedAt = '1970-01-01T00:00:00Z';
  const spec = { schedule: { states: 1 }, cancel: true, ttlSecondsAfterFinished: 60 };
  const { clock, objects, begin } = startController(t, spec, { phase: 'Cancelled', finishedAt });
  begin();
  await clock.advance(1000);
  assert.deepEqual(objects.list(types.run), []);
});
