import assert from 'node:assert/strict';
import { test } from 'node:test';
import { specSchema } from '../../../../src/api/spec/spec.ts';
import { conditioned } from '../../../helpers/everything.ts';
import { minimalRun } from '../../../helpers/runs.ts';

const { spec } = minimalRun();
const accepted = (fields: object) => specSchema.safeParse({ ...spec, ...fields }).success;
const labels = { classes: 10, from: 'Idx' };
const dataset = { ...(spec.dataset as object), labels };

test('conditions with all that belongs to them are accepted', () => {
  assert.ok(specSchema.safeParse(conditioned).success);
  assert.ok(accepted({ dataset }));
  assert.ok(accepted({ dataset, training: { conditionDropout: 0.1 }, sampling: { guidance: { scale: 2 } } }));
  assert.ok(accepted({ dataset, sampling: { labels: { from: 'Listed', list: [9, 0] } } }));
});

test('an override may drop no condition where its states are not guided', () => {
  const guided = (states: string) => ({
    dataset,
    training: { conditionDropout: 0.1 },
    overrides: [{ states: '2-3', training: { conditionDropout: 0 } }],
    sampling: { guidance: { scale: 2, states } },
  });
  assert.deepEqual(
    ['0-1', '4-9', '0-2', '3', '2-3', '0-9'].map((states) => accepted(guided(states))),
    [true, true, false, false, false, false],
  );
});
