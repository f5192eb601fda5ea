import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkpointsSchema } from '../../../../src/api/spec/checkpoints.ts';
import { perModelSchema } from '../../../../src/api/spec/perModel.ts';

test('claims of models stay, unless the spec says otherwise, and the run has a claim as large as a model’s', () => {
  assert.deepEqual(perModelSchema.parse({ size: '1Gi' }), {
    size: '1Gi',
    bundle: {},
    whenBundled: 'Retain',
    whenDeleted: 'Retain',
  });
});

test('an empty class stays', () => {
  assert.equal(perModelSchema.parse({ size: 5, storageClassName: '' }).storageClassName, '');
});

test('a volume is shared or per model', () => {
  const parses = (volume: object) => checkpointsSchema.safeParse({ volume }).success;
  assert.deepEqual([{ perModel: { size: '1Gi' } }, { shared: { size: '1Gi' } }, {}].map(parses), [true, true, false]);
});
