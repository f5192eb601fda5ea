import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkpointsSchema } from '../../../../src/api/spec/checkpoints.ts';
import { testRefusals } from '../../../helpers/refusals.ts';

testRefusals('spec.checkpoints');

const parse = (shared: object) => checkpointsSchema.parse({ volume: { shared } }).volume?.shared;
const refused = (shared: object) => {
  const { error } = checkpointsSchema.safeParse({ volume: { shared } });
  return error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n') ?? '';
};

test('a created claim may have access modes and a class, and an empty class stays', () => {
  for (const shared of [
    { size: '1Gi', storageClassName: '' },
    { size: '1Gi', storageClassName: 'fast.nfs' },
    { size: '1Gi', accessModes: ['ReadWriteOnce'] },
    { size: '1Gi', accessModes: ['ReadWriteMany', 'ReadWriteOnce'], storageClassName: '' },
  ])
    assert.deepEqual(parse(shared), shared);
});

test('an existing claim has its modes and its class', () => {
  assert.match(refused({ claimName: 'a', accessModes: ['ReadWriteMany'] }), /accessModes goes with size/);
  assert.match(refused({ claimName: 'a', storageClassName: '' }), /storageClassName goes with size/);
});

test('modes that pods cannot share, repeated ones, and none are refused', () => {
  assert.match(refused({ size: '1Gi', accessModes: ['ReadOnlyMany'] }), /volume\.shared\.accessModes\.0:/);
  assert.match(refused({ size: '1Gi', accessModes: ['ReadWriteOncePod'] }), /volume\.shared\.accessModes\.0:/);
  assert.match(refused({ size: '1Gi', accessModes: [] }), /volume\.shared\.accessModes:/);
  assert.match(refused({ size: '1Gi', accessModes: ['ReadWriteOnce', 'ReadWriteOnce'] }), /twice/);
  assert.match(refused({ size: '1Gi', storageClassName: 'Fast' }), /empty or the name of a storage class/);
});
