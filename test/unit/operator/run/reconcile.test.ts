import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labels } from '../../../../src/api/names.ts';
import { ApiError } from '../../../../src/operator/kube/client.ts';
import { types } from '../../../../src/operator/types.ts';
import { startController } from '../../../helpers/controller.ts';

test('a conflict that is not about the name is tried again', async (t) => {
  const { clock, client, begin, models } = startController(t, { schedule: { states: 1 } });
  client.refuse = ({ kind }) =>
    kind === 'Job' ? new ApiError(409, 'Conflict', 'Operation cannot be fulfilled on resourcequotas "q"') : undefined;
  begin();
  await clock.advance(1000);
  assert.deepEqual(models(), []);
  client.refuse = () => undefined;
  await clock.advance(60_000);
  assert.deepEqual(models(), ['0']);
});

test('a child that is refused is named, and keeps no other from being created', async (t) => {
  const { clock, client, begin, models, stalled } = startController(t, {
    schedule: { states: 40 },
    execution: { maxParallel: 40 },
  });
  client.refuse = ({ metadata }) =>
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

test('a status does not wait for its children: it comes first, counts them while they are created, and is written once a second', async (t) => {
  const states = 300;
  const answerMs = 100;
  const { clock, client, begin, models, statuses } = startController(t, {
    schedule: { states },
    execution: { maxParallel: states },
  });
  client.answerMs = answerMs;
  const began = clock.now();
  begin();
  let seconds = 0;
  for (; models().length < states && seconds < 10; seconds++) await clock.advance(1000);
  await clock.advance(2000);
  const [first] = statuses;
  assert.ok(first !== undefined && first.at - began < 1000);
  const bareLoop = (states / 16) * answerMs;
  const created = Math.max(...client.createdAt) - began;
  assert.ok(created < bareLoop / 0.8, `${created} ms, a bare loop ${bareLoop} ms`);
  const counts = statuses.map(({ pending }) => pending);
  assert.ok(new Set(counts).size >= 3, counts.join());
  assert.equal(counts.at(-1), 0);
  const gaps = statuses.slice(1).map(({ at }, i) => at - (statuses[i]?.at ?? 0));
  assert.ok(
    gaps.every((gap) => gap >= 1000),
    gaps.join(),
  );
});
