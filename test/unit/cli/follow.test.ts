import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Phase, phases } from '../../../src/api/status.ts';
import { follow, type Moment, outcomeOf } from '../../../src/cli/follow.ts';
import type { View } from '../../../src/cli/view.ts';

const moment = (fields: Partial<Moment> = {}): Moment => ({
  asked: false,
  atOnce: false,
  settledFor: 0,
  quiet: true,
  ...fields,
});
const codeOf = (phase: Phase, fields: Partial<Moment> = {}) => outcomeOf({ phase }, moment(fields))?.code;

test('the exit code says how a run has ended', () => {
  assert.deepEqual(
    Object.fromEntries(phases.map((phase) => [phase, codeOf(phase)])),
    Object.fromEntries(
      phases.map((phase) => [phase, { Complete: 0, Failed: 1, Cancelled: 1, Suspended: 0 }[phase as string]]),
    ),
  );
  assert.equal(codeOf('Suspended', { asked: true }), 130);
});

test('an end waits for processes that still save, for as long as a pod has', () => {
  for (const phase of ['Complete', 'Failed', 'Suspended'] as const) {
    assert.equal(codeOf(phase, { quiet: false, asked: true, settledFor: 89 }), undefined, phase);
    assert.notEqual(codeOf(phase, { quiet: false, asked: true, settledFor: 91 }), undefined, phase);
  }
});

test('a second Ctrl-C waits for nothing', () => {
  assert.equal(codeOf('Training', { asked: true, quiet: false }), undefined);
  assert.equal(codeOf('Training', { asked: true, atOnce: true, quiet: false }), 130);
  assert.equal(codeOf('Complete', { asked: true, atOnce: true, quiet: false }), 0);
});

test('every look is shown, the last one too', async () => {
  const views = (['Pending', 'Complete'] as Phase[]).map((phase) => ({ phase }) as View);
  const seen: View[] = [];
  const { view, outcome } = await follow({
    look: () => views[Math.min(seen.length, 1)] as View,
    onView: (view) => seen.push(view),
    interruption: { asked: false, atOnce: false },
    processes: () => 0,
  });
  assert.deepEqual([seen, view, outcome], [views, views[1], { code: 0 }]);
});
