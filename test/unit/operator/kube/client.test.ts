import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, apiVersionOf, controllerOf, isApiError, keyOf } from '../../../../src/operator/kube/client.ts';
import { types } from '../../../../src/operator/types.ts';

test('an answer that is no success says what the server says', () => {
  const error = new ApiError(409, 'AlreadyExists', 'jobs.batch "a" already exists', 3);
  assert.equal(error.message, 'AlreadyExists (409): jobs.batch "a" already exists');
  assert.deepEqual(
    [isApiError(error, 409), isApiError(error, 404), isApiError(new Error('409'), 409)],
    [true, false, false],
  );
});

test('a key is namespace and name; the core group has no name of its own', () => {
  assert.deepEqual(
    [keyOf({ metadata: { name: 'a', namespace: 'n' } }), keyOf({ metadata: { name: 'a' } })],
    ['n/a', '/a'],
  );
  assert.deepEqual([types.pod, types.job, types.run].map(apiVersionOf), ['v1', 'batch/v1', 'tspace.dev/v1alpha1']);
});

test('of several owners the controller manages an object', () => {
  const owner = { apiVersion: 'v1', kind: 'Job', name: 'j' };
  const metadata = {
    name: 'a',
    ownerReferences: [
      { ...owner, uid: '1' },
      { ...owner, uid: '2', controller: true },
    ],
  };
  assert.equal(controllerOf({ apiVersion: 'v1', kind: 'Pod', metadata })?.uid, '2');
  assert.equal(controllerOf({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } }), undefined);
});
