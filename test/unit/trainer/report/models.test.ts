import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelTable, stateScale } from '../../../../src/trainer/report/models.ts';
import { exampleReport } from '../../../helpers/reports.ts';

test('a row per model, with its states as a range where it has several', () => {
  const { models } = exampleReport();
  assert.equal([...modelTable(exampleReport()).matchAll(/<tr>/g)].length, 1 + 3, 'and the head');
  const [first = assert.fail()] = models;
  const joint = exampleReport({ models: [{ ...first, states: models.flatMap(({ states }) => states) }] });
  assert.match(modelTable(joint), /<th>states<\/th>.*<\/span>0 – 2<\/td><td>332 – 999<\/td>/);
});

test('what is not known of a model is a dash', () => {
  const models = exampleReport().models.map((model) => ({ ...model, losses: [], seconds: null }));
  assert.match(modelTable(exampleReport({ models })), /<td>–<\/td><td>–<\/td>/);
});

test('the scale of colours goes from the cleanest state to the noisiest', () => {
  assert.match(stateScale(exampleReport()), /state 0, the cleanest.*state 2, the noisiest/);
});
