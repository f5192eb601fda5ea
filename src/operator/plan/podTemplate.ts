import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import type { PodTemplate } from '../../api/spec/execution.ts';

type Json = { [key: string]: unknown };

/** Lists whose entries are told apart by a field, as in Kubernetes' strategic merge patch. */
const mergeKeys: Record<string, string> = {
  containers: 'name',
  initContainers: 'name',
  volumes: 'name',
  env: 'name',
  imagePullSecrets: 'name',
  volumeMounts: 'mountPath',
  ports: 'containerPort',
};
/** Entries that are replaced as a whole: a volume has one source, and two merged would be refused. */
const replaced = ['volumes'];
/** Lists that are added to. */
const appended = ['tolerations', 'envFrom', 'topologySpreadConstraints', 'hostAliases', 'schedulingGates'];

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function mergeByKey(base: readonly unknown[], patch: readonly unknown[], name: string, key: string): unknown[] {
  const entries = new Map(base.map((entry) => [(entry as Json)[key], entry]));
  for (const entry of patch) {
    const id = isObject(entry) ? entry[key] : undefined;
    entries.set(id, replaced.includes(name) ? entry : merge(entries.get(id), entry, ''));
  }
  return [...entries.values()];
}

function merge(base: unknown, patch: unknown, name: string): unknown {
  if (Array.isArray(base) && Array.isArray(patch)) {
    const key = mergeKeys[name];
    if (key !== undefined) return mergeByKey(base, patch, name, key);
    return appended.includes(name) ? [...base, ...patch] : patch;
  }
  if (!isObject(base) || !isObject(patch)) return patch;
  const merged: Json = { ...base };
  for (const [field, value] of Object.entries(patch)) merged[field] = merge(base[field], value, field);
  return merged;
}

/** Merges users' templates over ours, the later winning. */
export function mergePodTemplates(base: V1PodTemplateSpec, ...patches: (PodTemplate | undefined)[]): V1PodTemplateSpec {
  return patches.reduce<unknown>(
    (template, patch) => (patch === undefined ? template : merge(template, patch, '')),
    base,
  ) as V1PodTemplateSpec;
}
