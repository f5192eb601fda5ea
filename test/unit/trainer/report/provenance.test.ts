import assert from 'node:assert/strict';
import { test } from 'node:test';
import { provenance } from '../../../../src/trainer/report/provenance.ts';
import { exampleReport } from '../../../helpers/reports.ts';

test('everything that is needed to make it again is there', () => {
  const text = provenance(exampleReport());
  for (const part of [
    /default\/digits/,
    /Linear, T = 1,000, ᾱ mapped/,
    /bundles\/0123456789abcdef/,
    /seed 7/,
    /TensorFlow 2\.21\.0 with 2 threads.*evaluated on CPU/,
    /trained on.*NVIDIA H100 80GB HBM3 \(3 models\)/,
  ])
    assert.match(text, part);
  assert.match(text, /extractor.*mnist-classifier, sha256 <code>(ab){32}/);
});

test('without evaluation there is no extractor', () => {
  assert.doesNotMatch(provenance(exampleReport({ evaluation: null })), /extractor/);
});

test('several devices are counted, and unknown ones are left out', () => {
  const [first = assert.fail(), second = assert.fail(), third = assert.fail()] = exampleReport().models;
  const models = [first, { ...second, device: 'CPU' }, { ...third, device: null }];
  assert.match(provenance(exampleReport({ models })), /NVIDIA H100 80GB HBM3 \(1 model\), CPU \(1 model\)/);
  const unknown = models.map((model) => ({ ...model, device: null }));
  assert.doesNotMatch(provenance(exampleReport({ models: unknown })), /trained on/);
});
