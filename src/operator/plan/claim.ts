import { labels, managedBy } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import type { KubeObject } from '../kube/cluster.ts';
import { childNames } from './identity.ts';
import { ownerReference } from './owner.ts';

/** The claim that the run owns; undefined where it uses one that is there. */
export function buildClaim(run: Run): KubeObject | undefined {
  const { size, storageClassName } = run.spec.checkpoints.volume.shared;
  if (size === undefined) return undefined;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: childNames(run.metadata.name).claim,
      namespace: run.metadata.namespace,
      labels: { [labels.run]: run.metadata.name, [labels.managedBy]: managedBy },
      ownerReferences: [ownerReference(run)],
    },
    spec: {
      accessModes: ['ReadWriteMany'],
      resources: { requests: { storage: size } },
      ...(storageClassName === undefined ? {} : { storageClassName }),
    },
  };
}
