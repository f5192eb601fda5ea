import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastLossChart, scheduleChart } from '../../../../src/trainer/report/charts.ts';
import { coverageCaption, coveredStates, stateCount, statesOf } from '../../../../src/trainer/report/coverage.ts';
import { renderReport } from '../../../../src/trainer/report/html.ts';
import { modelTable, stateScale } from '../../../../src/trainer/report/models.ts';
import { keyFigures, resultCard } from '../../../../src/trainer/report/result.ts';
import { exampleReport } from '../../../helpers/reports.ts';

const whole = exampleReport();
const missing = [whole.models[1]?.states[0] ?? assert.fail()];
const caveats = ['Coverage 2 of 3 states: state 1 has no model.'];
const models = whole.models.filter(({ index }) => index !== 1);
const evaluation = whole.evaluation && { ...whole.evaluation, caveats: [...caveats, ...whole.evaluation.caveats] };
const partial = exampleReport({ models, evaluation, coverage: { states: 3, missing, caveats } });
const pictures = { samples: { png: new Uint8Array([1]), count: 100 }, trajectory: undefined };

test('a whole report has no word of coverage', () => {
  assert.deepEqual([coveredStates(whole), coverageCaption(whole), stateCount(whole)], [undefined, '', 3]);
  assert.doesNotMatch(renderReport(whole, pictures), /[Cc]overage|Without a model/);
});

test('every number and picture of a report with holes is captioned with the coverage', () => {
  assert.deepEqual([coveredStates(partial), stateCount(partial), statesOf(partial).length], ['2 of 3 states', 3, 2]);
  assert.match(keyFigures(partial), /Fréchet distance, N\u00a0=\u00a0300; coverage 2 of 3 states/);
  assert.match(keyFigures(partial), /2 \/ 1000<\/b><span class="soft">latent states, S of T; coverage 2 of 3 states/);
  assert.match(resultCard(partial), /<dt>coverage<\/dt><dd>2 of 3 states</);
  assert.match(resultCard(partial), /<li>Coverage 2 of 3 states: state 1 has no model.<\/li>/);
  const page = renderReport(partial, pictures);
  assert.match(page, /The first 100 of 300 samples, not chosen; coverage 2 of 3 states\./);
  assert.match(page, /composed with DDIM; coverage 2 of 3 states\./);
});

test('it is told without an evaluation too', () => {
  assert.match(resultCard({ ...partial, evaluation: null }), /no number.<\/li><li>Coverage 2 of 3 states/);
});

test('states keep their colours, and those without a model are listed with their level', () => {
  const colours = (text = '') => new Set(text.match(/hsl\([^)]*\)/g));
  for (const chart of [lastLossChart, scheduleChart]) {
    const all = colours(chart(whole));
    assert.deepEqual(
      [...colours(chart(partial))].filter((colour) => !all.has(colour)),
      [],
      'no colour is another',
    );
  }
  assert.match(stateScale(partial), /state 2, the noisiest/);
  const [state = assert.fail()] = missing;
  assert.ok(
    modelTable(partial).includes(`Without a model: state 1 (τ ${state.timestep}, ᾱ ${state.alphaBar.toPrecision(3)})`),
  );
});
