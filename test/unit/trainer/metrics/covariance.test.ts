import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { normals, streams } from '../../../../src/diffusion/random.ts';
import { checkStatistics } from '../../../../src/trainer/metrics/covariance.ts';
import { addFeatures, emptySums, type Statistics, statisticsOf } from '../../../../src/trainer/metrics/statistics.ts';

/** Features with a spectrum that falls as that of images does, around means that are not 0. */
function features(count: number, dimensions: number): Float32Array {
  const mixing = Array.from({ length: dimensions }, (_, j) => normals(2, streams.noise, j, dimensions));
  const values = new Float32Array(count * dimensions);
  for (let i = 0; i < count; i++) {
    const z = normals(1, streams.noise, i, dimensions).map((value, k) => value / (k + 1));
    for (let j = 0; j < dimensions; j++)
      values[i * dimensions + j] = 0.4 + z.reduce((sum, value, k) => sum + value * (mixing[j]?.[k] ?? 0), 0);
  }
  return values;
}

function statistics(count: number, dimensions: number): Statistics {
  const sums = emptySums(dimensions);
  addFeatures(sums, features(count, dimensions));
  return statisticsOf(sums);
}

const own = statistics(300, 64);
const withCovariance = (covariance: Float64Array): Statistics => ({ ...own, covariance });
const check = (covariance: Float64Array) => checkStatistics(withCovariance(covariance), 'reference.npz');

/** A float64 with 11 bits, as a float16 has within its range. */
const half = (value: number) => {
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(value) || 1)) - 10);
  return Math.round(value / unit) * unit;
};

test('covariances are taken, of full rank or not', () => {
  check(own.covariance);
  checkStatistics(statistics(20, 64), 'reference.npz');
  check(new Float64Array(64 * 64));
});

test('rounding to float32 or float16 is no finding', () => {
  for (const count of [20, 300]) {
    const { covariance } = statistics(count, 64);
    check(covariance.map(Math.fround));
    check(covariance.map(half));
  }
});

test('a sum in float32 whose mean is subtracted at the end is no finding', () => {
  const [count, n] = [2000, 64];
  const values = features(count, n);
  const [sum, outer] = [new Float32Array(n), new Float32Array(n * n)];
  for (let row = 0; row < count; row++) {
    const at = (i: number) => values[row * n + i] as number;
    for (let i = 0; i < n; i++) {
      sum[i] = (sum[i] as number) + at(i);
      for (let j = 0; j < n; j++) outer[i * n + j] = (outer[i * n + j] as number) + at(i) * at(j);
    }
  }
  check(
    Float64Array.from(outer, (value, at) =>
      Math.fround((value - ((sum[Math.floor(at / n)] as number) * (sum[at % n] as number)) / count) / (count - 1)),
    ),
  );
});

test('a matrix that is not symmetric is refused, and where is said', () => {
  const covariance = own.covariance.slice();
  covariance[3 * 64 + 7] = 5 + (covariance[3 * 64 + 7] as number);
  assert.throws(() => check(covariance), {
    code: 'InputForeign',
    where: 'reference.npz',
    message: /not symmetric, sigma\[7,3\] is \S+ but sigma\[3,7\] is/,
  });
});

test('an eigenvalue clearly below 0 is refused, wherever it is', () => {
  for (const at of [0, 31, 63]) {
    const covariance = new Float64Array(64 * 64);
    for (let i = 0; i < 64; i++) covariance[i * 64 + i] = i === at ? -0.01 : 1;
    assert.throws(() => check(covariance), {
      code: 'InputForeign',
      message: /an eigenvalue of -0\.01 or less.*largest is 1/,
    });
  }
  const correlation = Float64Array.of(1, 0.9, -0.9, 0.9, 1, 0.9, -0.9, 0.9, 1); // no three features can be so
  assert.throws(
    () => checkStatistics({ count: undefined, dimensions: 3, mean: new Float64Array(3), covariance: correlation }, 'r'),
    { code: 'InputForeign', message: /eigenvalue of -0\.\d+ or less/ },
  );
  assert.throws(() => check(own.covariance.map((value) => -value)), { code: 'InputForeign' });
});

test('the eigenvalue that is named is one of the matrix or above it, and one that rounding explains is not named', () => {
  const entry = fc.integer({ min: -10_000, max: 10_000 }).map((value) => value / 10_000);
  fc.assert(
    fc.property(entry, entry, entry, (a, b, c) => {
      const smallest = (a + c) / 2 - Math.hypot((a - c) / 2, b);
      const largest = Math.max(Math.abs(smallest), Math.abs((a + c) / 2 + Math.hypot((a - c) / 2, b)));
      const two = {
        count: undefined,
        dimensions: 2,
        mean: new Float64Array(2),
        covariance: Float64Array.of(a, b, b, c),
      };
      if (smallest >= -0.9e-3 * largest) return checkStatistics(two, 'r');
      if (smallest > -1.1e-3 * largest) return;
      assert.throws(
        () => checkStatistics(two, 'r'),
        (error: Error) => {
          const named = Number(/eigenvalue of (\S+) or less/.exec(error.message)?.[1]);
          return named < 0 && named >= smallest * 1.01;
        },
      );
    }),
  );
});
