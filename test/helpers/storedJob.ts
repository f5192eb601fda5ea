import type { KubeObject } from '../../src/operator/kube/client.ts';

/** A Job as an API server has it, most of it its template. */
export const job: KubeObject = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: {
    name: 'j',
    namespace: 'n',
    uid: 'u',
    resourceVersion: '7',
    labels: { a: 'b' },
    ownerReferences: [{ apiVersion: 'v1', kind: 'Run', name: 'r', uid: 'r', controller: true }],
  },
  spec: {
    suspend: true,
    template: { spec: { containers: [{ name: 'trainer', env: [{ value: 'x'.repeat(5000) }] }] } },
  },
  status: { active: 1, startTime: null },
};
