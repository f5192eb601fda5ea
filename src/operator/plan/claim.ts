import { labels, managedBy } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import { defaultAccessModes, defaultWhenDeleted } from '../../api/spec/checkpoints.ts';
import { controllerOf, type KubeObject, type OwnerReference } from '../kube/client.ts';
import { childNames } from './identity.ts';
import type { ObservedClaim } from './observed.ts';
import { ownerReference } from './owner.ts';

/** What the claim of a run has: the garbage collector takes one that has an owner with it, and leaves any other. */
function ownersOf(run: Run): OwnerReference[] {
  const { whenDeleted = defaultWhenDeleted } = run.spec.checkpoints.volume?.shared ?? {};
  return whenDeleted === 'Delete' ? [ownerReference(run)] : [];
}

/** The claim that is made for the run; undefined where it uses one that somebody else has made, or an object store. */
export function buildClaim(run: Run): KubeObject | undefined {
  const { size, storageClassName, accessModes = defaultAccessModes } = run.spec.checkpoints.volume?.shared ?? {};
  const ownerReferences = ownersOf(run);
  if (size === undefined) return undefined;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: childNames(run.metadata.name).claim,
      namespace: run.metadata.namespace,
      labels: { [labels.run]: run.metadata.name, [labels.managedBy]: managedBy },
      ...(ownerReferences.length > 0 && { ownerReferences }),
    },
    spec: {
      accessModes: [...accessModes],
      resources: { requests: { storage: size } },
      // An empty name is written too: without it the claim would get the cluster's default class.
      ...(storageClassName === undefined ? {} : { storageClassName }),
    },
  };
}

/**
 * Whether a claim was made for a run of this name, and is not another's: that of a run before, which was retained, is too.
 * @param uid of the run; an owner of the same name is another run
 */
export function isClaimOf(claim: KubeObject, run: string, uid: string | undefined): boolean {
  const { labels: own = {} } = claim.metadata;
  const owner = controllerOf(claim)?.uid;
  return own[labels.run] === run && own[labels.managedBy] === managedBy && (owner === undefined || owner === uid);
}

export const observeClaim = (claim: KubeObject): ObservedClaim => ({
  name: claim.metadata.name,
  uid: claim.metadata.uid ?? '',
  deleting: claim.metadata.deletionTimestamp !== undefined,
  owned: controllerOf(claim) !== undefined,
});

/** A claim whose owner is to be another: the run may say otherwise than before, or an older version have made it. */
export interface Reowning {
  name: string;
  uid: string;
  owners: OwnerReference[];
}

/** What is to be done so that the claim of a run goes, or stays, with it as its spec says. */
export function reownings(run: Run, claims: readonly ObservedClaim[]): Reowning[] {
  const wanted = buildClaim(run);
  const owners = ownersOf(run);
  return claims
    .filter(({ name, deleting, owned }) => name === wanted?.metadata.name && !deleting && owned !== owners.length > 0)
    .map(({ name, uid }) => ({ name, uid, owners }));
}

/** What to know about a claim that one node at a time can mount; undefined for any other. */
export function claimNotice({ metadata, spec }: KubeObject): string | undefined {
  const { accessModes } = spec as { accessModes: string[] };
  if (accessModes.includes('ReadWriteMany')) return undefined;
  return `Claim ${metadata.name} is ReadWriteOnce: all pods of the run have to share one node. Choose it with a nodeSelector in spec.execution.podTemplate; a pod on another node waits for the volume.`;
}
