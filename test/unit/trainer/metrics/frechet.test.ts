import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLinearAlgebra } from '../../../../src/trainer/engine/float64.ts';
import { loadTensorFlow } from '../../../../src/trainer/engine/tensorflow.ts';
import { frechetDistance, frechetMetric } from '../../../../src/trainer/metrics/frechet.ts';
import type { Statistics } from '../../../../src/trainer/metrics/statistics.ts';
import { features, statistics } from '../../../helpers/features.ts';

const algebra = createLinearAlgebra(await loadTensorFlow(2));

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

test('it is called FID with the features of one network only', () => {
  const own = statistics(features(50, 8, 1), 8);
  const named = (extractor: 'inception-v3-fid' | 'mnist-classifier') =>
    frechetMetric.compute(own, own, { algebra, extractor }).name;
  assert.deepEqual([named('inception-v3-fid'), named('mnist-classifier')], ['FID', 'Fréchet distance']);
});

test('caveats say where images are fewer than features, and that N matters', () => {
  const [few, many] = [statistics(features(8, 8, 1), 8), statistics(features(50, 8, 2), 8)];
  const caveats = (a: Statistics, b: Statistics) =>
    frechetMetric.compute(a, b, { algebra, extractor: 'mnist-classifier' }).caveats;
  assert.equal(caveats(many, many).length, 1);
  assert.match(caveats(few, many)[0] ?? '', /8 samples are too few for 8 features/);
  assert.match(caveats(many, few)[0] ?? '', /8 reference images are too few/);
  assert.equal(caveats(few, few).length, 3);
  assert.equal(caveats(many, { ...few, count: undefined }).length, 1, 'of a file N is not known');
});
