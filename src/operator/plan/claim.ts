import { labels, managedBy } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import { defaultAccessModes } from '../../api/spec/checkpoints.ts';
import type { KubeObject } from '../kube/cluster.ts';
import { childNames } from './identity.ts';
import { ownerReference } from './owner.ts';

/** The claim that the run owns; undefined where it uses one that is there. */
export function buildClaim(run: Run): KubeObject | undefined {
  const { size, storageClassName, accessModes = defaultAccessModes } = run.spec.checkpoints.volume.shared;
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
      accessModes: [...accessModes],
      resources: { requests: { storage: size } },
      // An empty name is written too: without it the claim would get the cluster's default class.
      ...(storageClassName === undefined ? {} : { storageClassName }),
    },
  };
}

/** What to know about a claim that one node at a time can mount; undefined for any other. */
export function claimNotice({ metadata, spec }: KubeObject): string | undefined {
  const { accessModes } = spec as { accessModes: string[] };
  if (accessModes.includes('ReadWriteMany')) return undefined;
  return `Claim ${metadata.name} is ReadWriteOnce: all pods of the run have to share one node. Choose it with a nodeSelector in spec.execution.podTemplate; a pod on another node waits for the volume.`;
}
