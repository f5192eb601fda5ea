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
    /TensorFlow 2\.21\.0 with 2 threads/,
  ])
    assert.match(text, part);
  assert.match(text, /extractor.*mnist-classifier, sha256 <code>(ab){32}/);
});

test('without evaluation there is no extractor', () => {
  assert.doesNotMatch(provenance(exampleReport({ evaluation: null })), /extractor/);
});
