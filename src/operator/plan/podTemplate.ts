import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import { entryKey, listKeys, typedMembers, unionMembers } from '../../api/mergeKeys.ts';
import { isObject, type Json } from '../../api/objects.ts';
import type { PodTemplate } from '../../api/spec/execution.ts';

/** Lists without a key that are added to, so that what a pod tolerates or reads stays. */
const appended = ['tolerations', 'envFrom'];

/**
 * What a pod cannot be without. Null there is what is left of a list whose entries are commented out, or of a value that a
 * chart has none for: it means absent, as for an API server, rather than that ours goes.
 */
const needed = ['args', 'containers', 'env', 'image', 'ports', 'restartPolicy', 'spec', 'volumeMounts', 'volumes'];

/** What a patch says of its object or entry beside its fields (`$patch: delete` or `replace`). */
const directiveOf = (patch: unknown): unknown => (isObject(patch) ? patch.$patch : undefined);

/** The base without the members of a union that the patch replaces by another. */
function withoutReplaced(base: Json, patch: Json, name: string): Json {
  const [member] = unionMembers(name, patch).filter((field) => patch[field] !== null);
  const gone = member === undefined ? [] : unionMembers(name, base).filter((field) => field !== member);
  const type = patch.type ?? base.type;
  const foreign = Object.entries(typedMembers[name] ?? {}).filter(([, only]) => only !== type);
  const dropped = new Set([...gone, ...foreign.map(([field]) => field)]);
  return Object.fromEntries(Object.entries(base).filter(([field]) => !dropped.has(field)));
}

function mergeObjects(base: Json, patch: Json, name: string): Json {
  const { $patch: directive, ...fields } = patch;
  const merged = directive === 'replace' ? {} : withoutReplaced(base, fields, name);
  for (const [field, value] of Object.entries(fields)) {
    if (value === null && needed.includes(field)) continue;
    if (value === null || directiveOf(value) === 'delete') delete merged[field];
    else merged[field] = merge(merged[field], value, field);
  }
  return merged;
}

function mergeByKey(base: readonly unknown[], patch: readonly unknown[], name: string): unknown[] {
  const entries = new Map(base.map((entry) => [entryKey(name, entry), entry]));
  for (const entry of patch) {
    const key = entryKey(name, entry);
    if (directiveOf(entry) === 'delete') entries.delete(key);
    else entries.set(key, merge(entries.get(key), entry, name));
  }
  return [...entries.values()];
}

function mergeLists(base: readonly unknown[], patch: readonly unknown[], name: string): unknown[] {
  // An entry that is nothing but `$patch: replace` speaks for the list.
  const isMarker = (entry: unknown) => directiveOf(entry) === 'replace' && Object.keys(entry as Json).length === 1;
  const entries = patch.filter((entry) => !isMarker(entry));
  const kept = entries.length < patch.length ? [] : base;
  if (listKeys[name] !== undefined) return mergeByKey(kept, entries, name);
  const cleaned = entries.map((entry) => merge(undefined, entry, name));
  return appended.includes(name) ? [...kept, ...cleaned] : cleaned;
}

/** Kubernetes' strategic merge of a value over another. `name` is that of its field; entries have that of their list. */
function merge(base: unknown, patch: unknown, name: string): unknown {
  if (Array.isArray(patch)) return mergeLists(Array.isArray(base) ? base : [], patch, name);
  if (isObject(patch)) return mergeObjects(isObject(base) ? base : {}, patch, name);
  return patch;
}

/**
 * Merges users' templates over ours, the later winning, as Kubernetes' strategic merge does: null removes a field
 * that a pod can be without, `$patch: delete` an entry of a list, and one member of a union replaces another.
 */
export function mergePodTemplates(base: V1PodTemplateSpec, ...patches: (PodTemplate | undefined)[]): V1PodTemplateSpec {
  return patches.reduce<unknown>(
    (template, patch) => (patch === undefined ? template : merge(template, patch, '')),
    base,
  ) as V1PodTemplateSpec;
}
