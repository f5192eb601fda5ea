import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluationSchema } from '../../../../src/api/spec/evaluation.ts';
import { createLinearAlgebra } from '../../../../src/trainer/engine/float64.ts';
import { loadTensorFlow } from '../../../../src/trainer/engine/tensorflow.ts';
import { metrics } from '../../../../src/trainer/metrics/metrics.ts';
import { features, statistics } from '../../../helpers/features.ts';

const algebra = createLinearAlgebra(await loadTensorFlow(1));

test('every metric that a spec may name says a number of samples against a reference', () => {
  const { metrics: named } = evaluationSchema.parse({
    metrics: Object.keys(metrics),
    extractor: { name: 'mnist-classifier' },
  });
  const [samples, reference] = [statistics(features(50, 8, 1), 8), statistics(features(60, 8, 2), 8)];
  for (const name of named) {
    const measured = metrics[name].compute(samples, reference, { algebra, extractor: 'mnist-classifier' });
    assert.ok(Number.isFinite(measured.value) && measured.name !== '');
    assert.ok(Object.values(measured.details).every(Number.isFinite));
    assert.ok(metrics[name].leastImages >= 1);
  }
});
