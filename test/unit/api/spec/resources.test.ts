import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resourceProblems, resourcesSchema } from '../../../../src/api/spec/resources.ts';
import { wrongResources } from '../../../helpers/quantityCases.ts';

for (const { title, resources, field, says } of wrongResources) {
  test(`refused: ${title}`, () => {
    const { error } = resourcesSchema.safeParse(resources);
    const issue = error?.issues.find(({ path }) => path.join('.') === field);
    assert.match(issue?.message ?? '', says);
  });
}

test('equal amounts, requests within limits and limits alone are right', () => {
  for (const resources of [
    { limits: { 'nvidia.com/gpu': '1' } },
    { limits: { 'nvidia.com/gpu': '1' }, requests: { 'nvidia.com/gpu': '1000m' } },
    { limits: { memory: '2Gi' }, requests: { memory: '2048Mi', cpu: '.5' } },
    { limits: { 'hugepages-2Mi': '4Mi', memory: '1Gi' } },
    { requests: { cpu: '100m', 'ephemeral-storage': '1e9' } },
    { limits: { 'kubernetes.io/x': '500m' } },
    {},
  ])
    assert.deepEqual(resourceProblems(resources), []);
});
