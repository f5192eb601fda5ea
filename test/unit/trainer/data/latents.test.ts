import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bytesPerLatent,
  type LatentsDescription,
  latentsFrom,
  normalOf,
} from '../../../../src/trainer/data/latents.ts';
import { toHalves } from '../../../../src/trainer/formats/elements.ts';

const description: LatentsDescription = {
  size: 1,
  channels: 2,
  values: 'Mean',
  type: 'float16',
  scalingFactor: 0.5,
  shiftFactor: 1,
};

test('what networks see of a mean is (mean − shift) · scale', () => {
  assert.deepEqual(normalOf(Float32Array.of(3, -1), description), {
    mean: Float32Array.of(1, -1),
    deviation: undefined,
  });
});

test('a spread is scaled and not shifted, and a log-variance is bounded as diffusers does', () => {
  const stored = Float32Array.of(3, -1, 4, 0);
  const { deviation } = normalOf(stored, { ...description, values: 'MeanAndDeviation' });
  assert.deepEqual(deviation, Float32Array.of(2, 0));
  const logs = Float32Array.of(3, -1, 2 * Math.log(4), 1000);
  const { deviation: fromLogs } = normalOf(logs, { ...description, values: 'MeanAndLogVariance' });
  assert.ok(Math.abs((fromLogs?.[0] as number) - 2) < 1e-6);
  assert.ok(Math.abs((fromLogs?.[1] as number) / (0.5 * Math.exp(10)) - 1) < 1e-6);
});

test('halves and floats are read as they were written', () => {
  const values = Float32Array.of(0.5, -(2 ** -24), 65_504, -0);
  const bytes = new Uint8Array(toHalves(values).buffer);
  assert.equal(bytes.length, bytesPerLatent({ ...description, values: 'MeanAndDeviation' }));
  assert.deepEqual(latentsFrom(bytes, description), values);
  assert.deepEqual(latentsFrom(new Uint8Array(values.buffer), { ...description, type: 'float32' }), values);
});
