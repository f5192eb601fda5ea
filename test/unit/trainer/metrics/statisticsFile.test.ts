import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeNpz } from '../../../../src/trainer/formats/npz.ts';
import { readStatistics } from '../../../../src/trainer/metrics/statisticsFile.ts';
import { features, statistics, writeStatistics } from '../../../helpers/features.ts';

test('statistics survive the file that pytorch-fid reads, and one that it wrote', () => {
  const own = statistics(features(100, 8, 1), 8);
  const { mean, covariance } = readStatistics(writeStatistics(own), 'ours.npz');
  assert.deepEqual([mean, covariance], [own.mean, own.covariance]);
  const path = join(import.meta.dirname, '../../../fixtures/formats/compressed.npz');
  const theirs = readStatistics(readFileSync(path), path);
  assert.deepEqual([...theirs.mean], [0, 1, 2]);
  assert.deepEqual([...theirs.covariance], [1, 0, 0, 0, 1, 0, 0, 0, 1]);
});

const matrix = (...shape: number[]) => ({ shape, data: new Float64Array(shape.reduce((a, b) => a * b, 1)) });

test('mu and sigma of different sizes are refused, and a missing one is named', () => {
  assert.throws(() => readStatistics(writeNpz({ mu: matrix(3), sigma: matrix(2, 2) }), 'r.npz'), {
    code: 'InputMismatch',
    where: 'r.npz',
  });
  assert.throws(() => readStatistics(writeNpz({ mu: matrix(3) }), 'r.npz'), {
    code: 'InputForeign',
    message: /no array sigma/,
  });
});

test('values that are not finite are refused', () => {
  const sigma = matrix(2, 2);
  sigma.data[1] = Number.NaN;
  assert.throws(() => readStatistics(writeNpz({ mu: matrix(2), sigma }), 'r.npz'), {
    code: 'InputForeign',
    message: /not finite/,
  });
});
