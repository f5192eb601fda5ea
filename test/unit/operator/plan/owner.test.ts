import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownerReference } from '../../../../src/operator/plan/owner.ts';
import { runOf } from '../../../helpers/simulation.ts';

test('a child goes with its run, known by uid because a name is used again', () => {
  assert.deepEqual(ownerReference(runOf()), {
    apiVersion: 'tspace.dev/v1alpha1',
    kind: 'DisentangledDiffusionRun',
    name: 'digits',
    uid: 'run-uid',
    controller: true,
    blockOwnerDeletion: true,
  });
});
