import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseProgress, progressSchema } from '../../../src/api/progress.ts';

test('what a pod answers has to be progress: it may be anybody’s pod', () => {
  assert.ok(progressSchema.safeParse({ phase: 'Running', done: 1, total: 2, perSecond: 0.5, loss: -1 }).success);
  for (const wrong of [
    null,
    {},
    { phase: 'Dancing', done: 1, total: 2 },
    { phase: 'Running', done: -1, total: 2 },
    { phase: 'Running', done: 1, total: Number.POSITIVE_INFINITY },
    { phase: 'Running', done: 1, total: 2, loss: Number.NaN },
  ])
    assert.ok(!progressSchema.safeParse(wrong).success, JSON.stringify(wrong));
});

test('an answer is parsed, and one that is no progress is none', () => {
  const progress = { phase: 'Saving', done: 1, total: 2 };
  assert.deepEqual(parseProgress(JSON.stringify(progress)), progress);
  for (const text of ['', '<html>', 'null', '{"phase":"Saving"}']) assert.equal(parseProgress(text), undefined);
});
