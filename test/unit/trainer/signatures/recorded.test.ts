import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summarize, yardsticksOf } from '../../../../src/trainer/signatures/recorded.ts';
import { digits, goodModels } from '../../../helpers/findings.ts';

test('moments are summarized by few values that keep mean squares', () => {
  const deviation = Float32Array.from({ length: 1000 }, (_, i) => ((i * 7919) % 1000) / 1000);
  const mean = deviation.map((value) => value - 1);
  const summary = summarize({ mean, deviation });
  assert.equal(summary.length, 64);
  const square = (values: Iterable<number>) => {
    const all = [...values];
    return all.reduce((sum, value) => sum + value ** 2, 0) / all.length;
  };
  assert.ok(Math.abs(square(summary.map((value) => value.deviation)) / square(deviation) - 1) < 0.02);
  assert.ok(Math.abs(square(summary.map((value) => value.mean)) / square(mean) - 1) < 0.02);
  assert.equal(summarize({ mean: mean.slice(0, 3), deviation: deviation.slice(0, 3) }).length, 3);
});

test('a model of several states is measured by the mean over them', () => {
  const [a = assert.fail(), b = assert.fail()] = goodModels();
  const both = yardsticksOf({ ...a, states: [...a.states, ...b.states] }, digits);
  const mean = (yardsticksOf(a, digits).affine + yardsticksOf(b, digits).affine) / 2;
  assert.ok(Math.abs(both.affine - mean) < 1e-12);
});
