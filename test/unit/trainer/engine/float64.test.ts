import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normals, streams } from '../../../../src/diffusion/random.ts';
import { createLinearAlgebra } from '../../../../src/trainer/engine/float64.ts';
import { loadTensorFlow } from '../../../../src/trainer/engine/tensorflow.ts';

const tf = await loadTensorFlow(1);
const { multiply, symmetricEigen } = createLinearAlgebra(tf);
const n = 40;
const square = (index: number) => normals(1, streams.weights, index, n * n);

function product(a: Float64Array, b: Float64Array, transpose?: 'a' | 'b'): Float64Array {
  const result = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < n; k++) {
        const left = transpose === 'a' ? a[k * n + i] : a[i * n + k];
        const right = transpose === 'b' ? b[j * n + k] : b[k * n + j];
        (result[i * n + j] as number) += (left as number) * (right as number);
      }
    }
  }
  return result;
}

const furthest = (a: Float64Array, b: Float64Array) =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);

test('products are exact to float64, transposed or not', () => {
  const [a, b] = [square(0), square(1)];
  for (const transpose of [undefined, 'a', 'b'] as const) {
    assert.ok(furthest(multiply(a, b, n, transpose), product(a, b, transpose)) < 1e-12);
  }
});

test('a symmetric matrix is its eigenvectors times its eigenvalues, ascending', () => {
  const factor = square(2);
  const matrix = multiply(factor, factor, n, 'b');
  const { values, vectors } = symmetricEigen(matrix, n);
  assert.deepEqual(
    [...values],
    [...values].sort((a, b) => a - b),
  );
  const scaled = vectors.map((value, i) => value * (values[i % n] as number));
  assert.ok(furthest(multiply(scaled, vectors, n, 'b'), matrix) < 1e-10);
  const identity = multiply(vectors, vectors, n, 'a');
  assert.ok(identity.every((value, i) => Math.abs(value - (i % (n + 1) === 0 ? 1 : 0)) < 1e-12));
});

test('eigenvalues of a known matrix', () => {
  const { values } = symmetricEigen(Float64Array.of(2, 1, 1, 2), 2);
  assert.ok(Math.abs((values[0] as number) - 1) < 1e-15 && Math.abs((values[1] as number) - 3) < 1e-15);
});
