import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from 'js-yaml';
import { overridesSchema } from '../../../../src/api/spec/overrides.ts';
import { overrideYaml, rangesOf, rounded, statesText } from '../../../../src/trainer/signatures/texts.ts';

const models = (...indices: number[]) =>
  indices.map((index) => ({ states: [{ index, timestep: index, alphaBar: 0.5 }] }));

test('states are named in ranges, a few in a sentence and all in a record', () => {
  assert.equal(statesText(models(4)), 'state 4');
  assert.equal(statesText(models(5, 4, 9)), 'states 4-5,9');
  assert.equal(statesText(models(0, 2, 4, 6, 8, 10)), 'states 0,2,4,6,…');
  assert.equal(rangesOf(models(0, 2, 4, 6, 8, 10)), '0,2,4,6,8,10');
});

test('the overrides that are proposed are overrides', () => {
  const text = overrideYaml(models(4, 5, 9), '{ images: 100 }');
  const { overrides } = load(text) as { overrides: unknown };
  const parsed = overridesSchema.parse(overrides);
  assert.deepEqual(
    parsed.map(({ states, training }) => [states, training?.images]),
    [
      ['4-5', 100],
      ['9', 100],
    ],
  );
});

test('more ranges than a spec may have overrides get one block for all', () => {
  const many = models(...Array.from({ length: 40 }, (_, i) => 2 * i));
  assert.equal(overrideYaml(many, '{ images: 100 }'), 'training: { images: 100 }');
});

test('numbers are rounded to what is known of them', () => {
  assert.equal(rounded(0.000666), 0.00067);
  assert.equal(rounded(12345, 3), 12300);
});
