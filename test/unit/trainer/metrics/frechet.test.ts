import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { readStatistics, writeStatistics } from '../../../../src/trainer/artifacts/features.ts';
import { createLinearAlgebra } from '../../../../src/trainer/engine/float64.ts';
import { loadTensorFlow } from '../../../../src/trainer/engine/tensorflow.ts';
import { frechetDistance } from '../../../../src/trainer/metrics/frechet.ts';
import {
  addFeatures,
  emptySums,
  mergeSums,
  type Statistics,
  statisticsOf,
} from '../../../../src/trainer/metrics/statistics.ts';

const algebra = createLinearAlgebra(await loadTensorFlow(2));

/** The features of test/fixtures/frechet.py. */
function features(count: number, dimensions: number, seed: number): Float32Array {
  const result = new Float32Array(count * dimensions);
  for (let i = 0; i < count; i++) {
    const common = Math.sin(0.37 * (i + 1) * (1 + seed));
    for (let j = 0; j < dimensions; j++) {
      const raw = Math.sin(12.9898 * (i + 1) + 78.233 * (j + 1) * (1 + 0.1 * seed)) * 43758.5453;
      result[i * dimensions + j] = (raw - Math.floor(raw)) * (1 + j / dimensions) + 0.3 * common + 0.1 * seed;
    }
  }
  return result;
}

function statistics(values: Float32Array, dimensions: number): Statistics {
  const sums = emptySums(dimensions);
  addFeatures(sums, values);
  return statisticsOf(sums);
}

interface Reference {
  dimensions: number;
  count: number;
  mean0: number;
  variance0: number;
  distance: number;
}
const references = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../fixtures/frechet.json'), 'utf8'),
) as Reference[];
const near = (actual: number, expected: number, relative: number) =>
  assert.ok(Math.abs(actual - expected) <= relative * Math.abs(expected), `${actual} is not ${expected}`);

for (const { dimensions, count, mean0, variance0, distance } of references) {
  test(`${dimensions} features: NumPy's and SciPy's distance to 1e-6`, () => {
    const a = statistics(features(count, dimensions, 1), dimensions);
    near(a.mean[0] as number, mean0, 1e-9);
    near(a.covariance[0] as number, variance0, 1e-9);
    const b = statistics(features(count, dimensions, 2), dimensions);
    near(frechetDistance(algebra, a, b).distance, distance, 1e-6);
  });
}

test('a distribution is at no distance from itself, also where its covariance has not full rank', () => {
  for (const count of [10, 500]) {
    const own = statistics(features(count, 64, 1), 64);
    assert.ok(Math.abs(frechetDistance(algebra, own, own).distance) < 1e-6, `${count} images`);
  }
});

test('normals with diagonal covariances have the distance that can be written down', () => {
  const normal = (mean: number[], variance: number[]): Statistics => ({
    count: 100,
    dimensions: mean.length,
    mean: Float64Array.from(mean),
    covariance: Float64Array.from({ length: mean.length ** 2 }, (_, at) =>
      at % (mean.length + 1) === 0 ? (variance[at / (mean.length + 1)] as number) : 0,
    ),
  });
  const entry = fc.tuple(
    fc.float({ min: -3, max: 3, noNaN: true }),
    fc.float({ min: Math.fround(0.01), max: 4, noNaN: true }),
  );
  const pair = fc
    .integer({ min: 1, max: 6 })
    .chain((n) =>
      fc.tuple(fc.array(entry, { minLength: n, maxLength: n }), fc.array(entry, { minLength: n, maxLength: n })),
    );
  fc.assert(
    fc.property(pair, ([a, b]) => {
      const expected = a.reduce((sum, [mean, variance], i) => {
        const [otherMean, otherVariance] = b[i] as [number, number];
        return sum + (mean - otherMean) ** 2 + (Math.sqrt(variance) - Math.sqrt(otherVariance)) ** 2;
      }, 0);
      const toNormal = (entries: [number, number][]) =>
        normal(
          entries.map(([mean]) => mean),
          entries.map(([, variance]) => variance),
        );
      assert.ok(Math.abs(frechetDistance(algebra, toNormal(a), toNormal(b)).distance - expected) < 1e-6);
    }),
    { numRuns: 50 },
  );
});

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

test('statistics survive the file that pytorch-fid reads, and one that it wrote', () => {
  const own = statistics(features(100, 8, 1), 8);
  const { mean, covariance } = readStatistics(writeStatistics(own), 'ours.npz');
  assert.deepEqual([mean, covariance], [own.mean, own.covariance]);
  const path = join(import.meta.dirname, '../../../fixtures/formats/compressed.npz');
  const theirs = readStatistics(readFileSync(path), path);
  assert.deepEqual([...theirs.mean], [0, 1, 2]);
  assert.deepEqual([...theirs.covariance], [1, 0, 0, 0, 1, 0, 0, 0, 1]);
});
