import { setTimeout as wait } from 'node:timers/promises';
import { customResourceDefinition } from '../../src/api/crd.ts';
import type { ApiClient } from '../../src/operator/kube/apiClient.ts';
import type { KubeObject } from '../../src/operator/kube/client.ts';
import { types } from '../../src/operator/types.ts';

const crdType = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
};

/** Installs the CRD and waits until runs are served. */
export async function installCrd(client: ApiClient, crd: object = customResourceDefinition()): Promise<void> {
  await client.apply(crdType, crd as KubeObject, { fieldManager: 'test' });
  for (let i = 0; i < 100; i++) {
    try {
      await client.list(types.run, { namespace: 'default' });
      return;
    } catch {
      await wait(100);
    }
  }
  throw new Error('the CRD is not served');
}
