import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Child, type ChildPhase, countOf, isDone, phaseOfJob } from '../../../../src/operator/plan/child.ts';
import { observeJob } from '../../../../src/operator/plan/observed.ts';

const job = (end?: 'Complete' | 'Failed', deletionTimestamp?: string) =>
  observeJob({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'a', deletionTimestamp },
    status: { conditions: end === undefined ? [] : [{ type: end, status: 'True' }] },
  });

test('a child is where its Job is; one that is being deleted is absent, unless it had ended', () => {
  const deleted = '2026-01-01T00:00:00Z';
  assert.deepEqual(
    [undefined, job(), job('Complete'), job('Failed'), job(undefined, deleted), job('Complete', deleted)].map(
      phaseOfJob,
    ),
    ['absent', 'active', 'done', 'failed', 'absent', 'done'],
  );
});

test('children are done when each is', () => {
  const child = (phase: ChildPhase): Child => {
    return { step: 'train', model: undefined, wanted: undefined, phase, job: undefined };
  };
  const children = [child('done'), child('active'), child('done')];
  assert.deepEqual([isDone(children), countOf(children, 'done'), countOf(children, 'failed')], [false, 2, 0]);
  assert.ok(isDone([child('done')]));
});
