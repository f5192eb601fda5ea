import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addFeatures, emptySums, mergeSums, statisticsOf } from '../../../../src/trainer/metrics/statistics.ts';
import { features, statistics } from '../../../helpers/features.ts';

test('sums do not depend on how the images were shared out', () => {
  const values = features(60, 8, 1);
  const whole = statistics(values, 8);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 }), (sizes) => {
      let merged = emptySums(8);
      let from = 0;
      for (const size of [...sizes, 60]) {
        const part = emptySums(8);
        addFeatures(part, values.subarray(from * 8, Math.min(60, from + size) * 8));
        merged = mergeSums(merged, part);
        from = Math.min(60, from + size);
      }
      const again = statisticsOf(merged);
      assert.equal(again.count, 60);
      again.covariance.forEach((value, at) => {
        assert.ok(Math.abs(value - (whole.covariance[at] as number)) < 1e-12);
      });
    }),
    { numRuns: 30 },
  );
});
