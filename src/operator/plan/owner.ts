import { apiVersion, kind } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import type { OwnerReference } from '../kube/client.ts';

/** Makes a child go with its run: Kubernetes' garbage collector cleans up, no finalizer is needed. */
export const ownerReference = ({ metadata }: Run): OwnerReference => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid ?? '',
  controller: true,
  blockOwnerDeletion: true,
});
