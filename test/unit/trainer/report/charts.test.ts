import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastLossChart, lossChart, scheduleChart, stateColour } from '../../../../src/trainer/report/charts.ts';
import { exampleReport } from '../../../helpers/reports.ts';

const count = (text: string | undefined, part: RegExp) => [...(text ?? '').matchAll(part)].length;

test('a loss curve per model, titled by its states', () => {
  const chart = lossChart(exampleReport());
  assert.equal(count(chart, /<path class="loss"/g), 3);
  assert.match(chart ?? '', /<title>state 2<\/title>/);
});

test('a dot per model for its last loss, and per state on the schedule', () => {
  assert.equal(count(lastLossChart(exampleReport()), /<circle/g), 3);
  assert.equal(count(scheduleChart(exampleReport()), /<circle/g), 3);
  assert.match(scheduleChart(exampleReport()), /state 2: τ = 999, ᾱ = /);
});

test('without losses there are no curves', () => {
  const bare = exampleReport({ models: exampleReport().models.map((model) => ({ ...model, losses: [] })) });
  assert.deepEqual([lossChart(bare), lastLossChart(bare)], [undefined, undefined]);
});

test('states have their own colours, also where there is one', () => {
  const colours = Array.from({ length: 10 }, (_, state) => stateColour(state, 10));
  assert.equal(new Set(colours).size, 10);
  assert.match(stateColour(0, 1), /^hsl\(215 /);
});
