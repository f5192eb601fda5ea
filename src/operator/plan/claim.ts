import { labels, managedBy } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import { defaultAccessModes, defaultWhenDeleted } from '../../api/spec/checkpoints.ts';
import type { Task } from '../../api/task.ts';
import { controllerOf, type KubeObject, type OwnerReference } from '../kube/client.ts';
import { childNames } from './identity.ts';
import type { ObservedClaim } from './observed.ts';
import { once } from './once.ts';
import { ownerReference } from './owner.ts';

/** What the claims of a run have: the garbage collector takes those that have an owner with it, and leaves any other. */
function ownersOf(run: Run): OwnerReference[] {
  const { shared, perModel } = run.spec.checkpoints.volume ?? {};
  const { whenDeleted = defaultWhenDeleted } = shared ?? perModel ?? {};
  return whenDeleted === 'Delete' ? [ownerReference(run)] : [];
}

interface ClaimFields {
  name: string;
  size: string;
  storageClassName: string | undefined;
  accessModes: readonly string[];
  /** Beside those of every child. */
  labels?: Record<string, string>;
}

function claimOf(run: Run, { name, size, storageClassName, accessModes, labels: own }: ClaimFields): KubeObject {
  const ownerReferences = ownersOf(run);
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name,
      namespace: run.metadata.namespace,
      labels: { [labels.run]: run.metadata.name, [labels.managedBy]: managedBy, ...own },
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

/** The claim that is made for the whole run; undefined where it uses one that somebody else has made, or an object store. */
export function buildClaim(run: Run): KubeObject | undefined {
  const { shared, perModel } = run.spec.checkpoints.volume ?? {};
  const name = childNames(run.metadata.name).claim;
  if (perModel !== undefined) {
    const { bundle, size, storageClassName } = perModel;
    const own = { [labels.component]: 'aggregate' };
    return claimOf(run, {
      ...{ name, size: bundle.size ?? size, storageClassName, accessModes: ['ReadWriteOnce'] },
      labels: own,
    });
  }
  const { size, storageClassName, accessModes = defaultAccessModes } = shared ?? {};
  return size === undefined ? undefined : claimOf(run, { name, size, storageClassName, accessModes });
}

/** Name of the claim that a task's pod alone writes to; undefined where it writes to the run's. */
export function ownClaimOf({ metadata, spec }: Run, task: Task): string | undefined {
  if (spec.checkpoints.volume?.perModel === undefined || task.kind !== 'train') return undefined;
  return childNames(metadata.name).modelClaim(task.index, task.hash);
}

/** The claim of one model; undefined where models have none of their own. @param model its index and address */
export function buildModelClaim(run: Run, { index, hash }: { index: number; hash: string }): KubeObject | undefined {
  const { perModel } = run.spec.checkpoints.volume ?? {};
  if (perModel === undefined) return undefined;
  const { size, storageClassName } = perModel;
  return claimOf(run, {
    name: childNames(run.metadata.name).modelClaim(index, hash),
    ...{ size, storageClassName, accessModes: ['ReadWriteOnce'] },
    labels: { [labels.component]: 'train', [labels.model]: String(index), [labels.hash]: hash },
  });
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

/** A claim as the plan sees it. Objects are never changed in place, so that each is read once. */
export const observeClaim = once(
  (claim: KubeObject): ObservedClaim => ({
    name: claim.metadata.name,
    uid: claim.metadata.uid ?? '',
    deleting: claim.metadata.deletionTimestamp !== undefined,
    owned: controllerOf(claim) !== undefined,
    ofModel: claim.metadata.labels?.[labels.model] !== undefined,
  }),
);

/** A claim whose owner is to be another: the run may say otherwise than before, or an older version have made it. */
export interface Reowning {
  name: string;
  uid: string;
  owners: OwnerReference[];
}

/** What is to be done so that the claims of a run go, or stay, with it as its spec says. */
export function reownings(run: Run, claims: Iterable<ObservedClaim>): Reowning[] {
  const wanted = buildClaim(run)?.metadata.name;
  const owners = ownersOf(run);
  return [...claims]
    .filter(({ ofModel, name }) => ofModel || name === wanted)
    .filter(({ deleting, owned }) => !deleting && owned !== owners.length > 0)
    .map(({ name, uid }) => ({ name, uid, owners }));
}

/** What to know about a claim that all pods share though one node at a time can mount it; undefined for any other. */
export function claimNotice({ metadata, spec }: KubeObject): string | undefined {
  const { accessModes } = spec as { accessModes: string[] };
  if (accessModes.includes('ReadWriteMany') || metadata.labels?.[labels.component] !== undefined) return undefined;
  return `Claim ${metadata.name} is ReadWriteOnce: all pods of the run have to share one node. Choose it with a nodeSelector in spec.execution.podTemplate; a pod on another node waits for the volume.`;
}
