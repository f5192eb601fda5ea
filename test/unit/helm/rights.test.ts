import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../../src/operator/kube/client.ts';
import { noHelm, render, valueSets } from '../../helpers/chart.ts';
import { describeRight, type Right, rightsOf } from '../../helpers/rights.ts';

/** The account of the operator's pods, and what it may do. */
function operatorRights(objects: KubeObject[]): Right[] {
  const deployment = objects.find(({ kind }) => kind === 'Deployment') as KubeObject & {
    spec: { template: { spec: { serviceAccountName: string } } };
  };
  return rightsOf(objects, deployment.spec.template.spec.serviceAccountName);
}

test('what the chart lets the operator do', { skip: noHelm }, async (t) => {
  for (const [title, rendering] of Object.entries(valueSets)) {
    const objects = render(rendering);
    const rights = operatorRights(objects);

    await t.test(`no secrets, no pods of its own making, no processes in pods, nothing by a wildcard: ${title}`, () => {
      for (const right of rights) {
        const { verb, resource } = right;
        assert.ok(!/secrets|serviceaccounts|roles|rolebindings|\*/.test(resource), describeRight(right));
        assert.ok(!resource.startsWith('pods/'), describeRight(right));
        assert.ok(resource !== 'pods' || ['list', 'watch'].includes(verb), describeRight(right));
        assert.ok(!['*', 'escalate', 'bind', 'impersonate'].includes(verb), describeRight(right));
      }
    });
  }

  await t.test('with watchNamespace nothing outside that namespace, but its own lease', () => {
    const rights = operatorRights(render({ namespace: 'system', values: { watchNamespace: 'team-a' } }));
    const elsewhere = rights.filter(({ namespace }) => namespace !== 'team-a');
    assert.ok(elsewhere.every(({ namespace, resource }) => namespace === 'system' && resource.endsWith('/leases')));
    assert.equal(rights.length - elsewhere.length, operatorRights(render()).length - elsewhere.length);
  });

  await t.test('without rbac.create nothing at all', () => {
    assert.deepEqual(rightsOf(render({ values: { rbac: { create: false } } }), 'ddr-operator'), []);
  });
});
