import { group, kind, plural, version } from '../api/names.ts';
import type { ResourceType } from './kube/client.ts';

/** The types that the operator works with. */
export const types = {
  run: { group, version, kind, plural },
  job: { group: 'batch', version: 'v1', kind: 'Job', plural: 'jobs' },
  pod: { group: '', version: 'v1', kind: 'Pod', plural: 'pods' },
  namespace: { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces' },
  claim: { group: '', version: 'v1', kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims' },
} as const satisfies Record<string, ResourceType>;

/** The type of a child that the plan wants. */
export function typeOf(childKind: string): ResourceType {
  const type = [types.job, types.claim].find(({ kind }) => kind === childKind);
  if (type === undefined) throw new Error(`the plan has no children of kind ${childKind}`);
  return type;
}
