import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { overridable } from '../../../../src/api/spec/overridable.ts';
import { trainingOverrideSchema, trainingSchema } from '../../../../src/api/spec/training.ts';

const block = z
  .strictObject({
    size: z.int().min(1).default(3),
    inner: z.strictObject({ rate: z.number().default(0.5) }).prefault({}),
  })
  .prefault({});

test('every field of an override is optional, and fills nothing in', () => {
  const schema = overridable('block', block);
  assert.deepEqual(schema.parse({}), {});
  assert.deepEqual(schema.parse({ inner: {} }), { inner: {} });
  assert.deepEqual(schema.parse({ size: 3, inner: { rate: 1 } }), { size: 3, inner: { rate: 1 } });
});

test('limits and unknown fields are refused as in the block itself', () => {
  const schema = overridable('block', block);
  for (const wrong of [{ size: 0 }, { inner: { rate: 'fast' } }, { inner: { other: 1 } }, { other: 1 }])
    assert.equal(schema.safeParse(wrong).success, false, JSON.stringify(wrong));
});

test('an override of training has the fields of training, but for what is of the run as a whole', () => {
  const { warmStart, ...own } = trainingSchema.unwrap().shape;
  assert.deepEqual(Object.keys(trainingOverrideSchema.shape), Object.keys(own));
  const start = { volume: { claimName: 'other', path: '' } };
  assert.deepEqual(warmStart.parse(start), start);
  assert.equal(trainingOverrideSchema.safeParse({ warmStart: start }).success, false);
});

test('a field without a default cannot be overridden', () => {
  const bare = z.strictObject({ name: z.string() }).prefault({ name: 'a' });
  assert.throws(() => overridable('block', bare), /name has no default/);
});
