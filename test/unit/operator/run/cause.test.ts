import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../../../src/operator/kube/client.ts';
import { causeOf, NameTaken, PodsForbidden } from '../../../../src/operator/run/cause.ts';

test('what the server says of a child is a refusal; that it is away, or asks to come again, is none', () => {
  for (const status of [400, 403, 404, 422, 500])
    assert.equal(causeOf(new ApiError(status, 'Reason', 'why'))?.reason, 'ChildRefused', String(status));
  for (const status of [408, 409, 429, 502, 503, 504])
    assert.equal(causeOf(new ApiError(status, 'Reason', 'why')), undefined, String(status));
  assert.equal(causeOf(new Error('connection reset')), undefined);
});

test('a taken name and forbidden pods are refusals, each with its reason', () => {
  assert.deepEqual(causeOf(new NameTaken('taken')), { reason: 'ChildRefused', message: 'taken' });
  assert.deepEqual(causeOf(new PodsForbidden('why')), { reason: 'PodSecurity', message: 'why' });
});
