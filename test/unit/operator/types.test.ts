import assert from 'node:assert/strict';
import { test } from 'node:test';
import { typeOf, types } from '../../../src/operator/types.ts';

test('children are Jobs and claims; a plan that wants another kind is a defect', () => {
  assert.deepEqual([typeOf('Job'), typeOf('PersistentVolumeClaim')], [types.job, types.claim]);
  assert.throws(() => typeOf('Pod'), /no children of kind Pod/);
});
