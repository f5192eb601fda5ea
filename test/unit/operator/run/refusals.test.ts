import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryAnnotation } from '../../../../src/api/names.ts';
import type { KubeObject } from '../../../../src/operator/kube/client.ts';
import { Refusals } from '../../../../src/operator/run/refusals.ts';
import { ManualClock } from '../../../helpers/manualClock.ts';

const run = (generation = 1, annotations = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Run',
  metadata: { namespace: 'n', name: 'digits', generation, annotations },
});
const denied = { reason: 'ChildRefused', message: 'denied' } as const;
const no = { taken: new Set<string>(), refused: new Map([['a', denied]]) };

test('a child that is refused again and again is tried more and more seldom', () => {
  const clock = new ManualClock();
  const refusals = new Refusals(clock, () => 0);
  const waits = [0, 1, 2].map(() => {
    refusals.note(run(), no);
    return (refusals.of(run()).get('a')?.until ?? 0) - clock.now();
  });
  assert.deepEqual(waits, [1000, 2000, 4000]);
  for (let i = 0; i < 40; i++) refusals.note(run(), no);
  assert.equal((refusals.of(run()).get('a')?.until ?? 0) - clock.now(), 300_000);
});

test('it is forgotten when it is taken, when the spec changes, when a retry is asked for, and when the run goes', () => {
  const refusals = new Refusals(new ManualClock(), () => 0);
  const names = (object: KubeObject) => [...refusals.of(object).keys()];
  refusals.note(run(), no);
  assert.deepEqual(names(run()), ['a']);
  assert.deepEqual([names(run(2)), names(run(1, { [retryAnnotation]: 'now' }))], [[], []]);
  refusals.note(run(), { taken: new Set(['a']), refused: new Map() });
  assert.deepEqual(names(run()), []);
  refusals.note(run(), no);
  refusals.forget('n/digits');
  assert.deepEqual(names(run()), []);
});

test('somebody who sets the clock delays no next try', () => {
  const clock = new ManualClock();
  const refusals = new Refusals(clock, () => 0);
  refusals.note(run(), no);
  clock.jump(-3_600_000);
  assert.equal((refusals.of(run()).get('a')?.until ?? 0) - clock.now(), 1000);
});
