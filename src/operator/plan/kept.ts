import { isObject, type Json } from '../../api/objects.ts';
import type { KubeObject } from '../kube/client.ts';

/** Fields of an object, without those that hold nothing: the API server writes null for a time that is not set. */
function pick(object: unknown, names: readonly string[]): Json {
  if (!isObject(object)) return {};
  const found: Json = {};
  for (const name of names) {
    const value = object[name];
    if (value !== undefined && value !== null) found[name] = value;
  }
  return found;
}

const pickEach = (list: unknown, names: readonly string[]): Json[] =>
  Array.isArray(list) ? list.map((item) => pick(item, names)) : [];

const metadataFields = [
  ...['name', 'namespace', 'uid', 'resourceVersion', 'ownerReferences', 'labels'],
  ...['creationTimestamp', 'deletionTimestamp'],
];
const conditionFields = ['type', 'status', 'reason', 'message', 'lastTransitionTime'];

/** Of an object only what is read here: thousands are held, and most of each is a template that nobody asks for. */
function keptOf(
  { apiVersion, kind, metadata, status }: KubeObject,
  spec: Json,
  statusFields: readonly string[],
): KubeObject {
  const conditions = isObject(status) ? pickEach(status.conditions, conditionFields) : [];
  return {
    apiVersion,
    kind,
    metadata: pick(metadata, metadataFields) as unknown as KubeObject['metadata'],
    spec,
    status: { ...pick(status, statusFields), conditions },
  };
}

export const keepOfClaim = (object: KubeObject): KubeObject => keptOf(object, {}, []);

export function keepOfJob(object: KubeObject): KubeObject {
  const kept = keptOf(object, pick(object.spec, ['suspend']), ['active', 'failed']);
  const { managedFields } = object.metadata as { managedFields?: unknown };
  const statusWrites = pickEach(managedFields, ['subresource', 'time']).filter(
    ({ subresource }) => subresource === 'status',
  );
  return { ...kept, metadata: Object.assign(kept.metadata, { managedFields: statusWrites }) };
}

export function keepOfPod(object: KubeObject): KubeObject {
  const { spec, status } = object;
  const kept = keptOf(object, { containers: isObject(spec) ? pickEach(spec.containers, ['ports']) : [] }, [
    'phase',
    'podIP',
    'reason',
    'message',
  ]);
  const statuses = (name: string) => (isObject(status) ? pickEach(status[name], ['name', 'state']) : []);
  const containers = {
    initContainerStatuses: statuses('initContainerStatuses'),
    containerStatuses: statuses('containerStatuses'),
  };
  return { ...kept, status: { ...(kept.status as object), ...containers } };
}
