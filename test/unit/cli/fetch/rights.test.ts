import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimRules, requireRights } from '../../../../src/cli/fetch/rights.ts';
import { ApiError } from '../../../../src/operator/kube/client.ts';

interface Review {
  spec: { resourceAttributes: { namespace: string; verb: string; resource: string; subresource: string } };
}

const askerOf = (allows: (review: Review['spec']['resourceAttributes']) => boolean) => ({
  ask: async (_: string, body: unknown) => {
    const { resourceAttributes } = (body as Review).spec;
    return { metadata: {}, status: { allowed: allows(resourceAttributes) } };
  },
});

test('who may do all is told nothing', async () => {
  const asked: string[] = [];
  const asker = askerOf(({ namespace, verb, resource, subresource }) => {
    asked.push(`${namespace}: ${verb} ${resource} ${subresource}`);
    return true;
  });
  await requireRights(asker, 'n', claimRules);
  assert.ok(asked.includes('n: create pods exec') && asked.includes('n: get disentangleddiffusionruns '));
});

test('what is missing is told as the rules of a Role', async () => {
  const asker = askerOf(({ verb, subresource }) => subresource !== 'exec' && verb !== 'delete');
  await assert.rejects(requireRights(asker, 'n', claimRules), {
    code: 'AccessDenied',
    where: 'namespace n',
    hint: 'Ask for a Role there with {apiGroups: [""], resources: [pods], verbs: [delete]}, {apiGroups: [""], resources: [pods/exec], verbs: [get, create]}.',
  });
});

test('a server that does not answer the question is asked for the thing itself', async () => {
  const asker = { ask: () => Promise.reject(new ApiError(403, 'Forbidden', 'no reviews')) };
  await requireRights(asker, 'n', claimRules);
  const broken = { ask: () => Promise.reject(new ApiError(500, 'InternalError', 'broken')) };
  await assert.rejects(requireRights(broken, 'n', claimRules), { status: 500 });
});
