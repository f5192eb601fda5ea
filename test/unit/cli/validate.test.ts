import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRun } from '../../../src/api/run.ts';
import { describeValid } from '../../../src/cli/validate.ts';
import { minimalRun, withSpec } from '../../helpers/runs.ts';

test('a valid run is told by what it comes to', () => {
  assert.equal(describeValid('a.yaml', parseRun(minimalRun())), 'a.yaml: digits is valid: 10 states, 10 models');
  const one = parseRun(withSpec({ schedule: { states: 1 } }));
  assert.equal(describeValid('a.yaml', one), 'a.yaml: digits is valid: 1 state, 1 model');
});

test('a top state that is not noise is warned of, unless sampling starts from the data’s moments', () => {
  const schedule = { states: 2, spacing: 'Explicit', indices: [10, 500] };
  const warned = describeValid('a.yaml', parseRun(withSpec({ schedule })));
  assert.match(warned, /warning: spec\.schedule leaves √ᾱ = 0\.279 at the noisiest state/);
  const matched = parseRun(withSpec({ schedule, sampling: { start: 'MomentMatched' } }));
  assert.doesNotMatch(describeValid('a.yaml', matched), /warning/);
});
