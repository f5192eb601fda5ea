import type { V1JobSpec } from '@kubernetes/client-node';
import { labels } from '../../api/names.ts';
import { controllerOf, type KubeObject } from '../kube/client.ts';
import { isClaimOf } from '../plan/claim.ts';
import { types } from '../types.ts';

/** Whether an object of a child's name is that child. A claim may have no owner: its labels say whose it is. */
export function isOurs(there: KubeObject, wanted: KubeObject): boolean {
  const uid = controllerOf(wanted)?.uid;
  if (wanted.kind === types.claim.kind) return isClaimOf(there, wanted.metadata.labels?.[labels.run] ?? '', uid);
  return controllerOf(there)?.uid === uid;
}

export const isJob = ({ kind }: KubeObject): boolean => kind === types.job.kind;

/** What is said of a Job that was made: a thousand templates are not held for that. */
export const withoutTemplate = (object: KubeObject): KubeObject => {
  const { apiVersion, kind, metadata } = object;
  return isJob(object) ? { apiVersion, kind, metadata } : object;
};

/** Names of the claims that pods of a Job mount. */
export function claimsOf({ spec }: KubeObject): string[] {
  const { template } = (spec ?? {}) as Partial<V1JobSpec>;
  return (template?.spec?.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? []);
}
