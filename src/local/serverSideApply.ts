import { isDeepStrictEqual } from 'node:util';
import { entryKey, listKeys } from '../api/mergeKeys.ts';
import { isObject } from '../api/objects.ts';

/** A field of an object: names of fields, and for entries of keyed lists the JSON of their key. */
type Path = readonly string[];

/**
 * What one field manager has applied: paths as JSON, each with whether the field is there because of it. A field that was
 * there before with the same value stays when the manager gives it up.
 */
export type Claims = Map<string, boolean>;

/** The parts of a value by the last word of their path; undefined for what is one piece: scalars and atomic lists. */
function partsOf(value: unknown, name: string): Map<string, unknown> | undefined {
  if (isObject(value)) return new Map(Object.entries(value).filter(([, inner]) => inner !== undefined));
  if (!Array.isArray(value) || listKeys[name] === undefined) return undefined;
  return new Map(value.map((entry) => [entryKey(name, entry), entry]));
}

/** A value made of parts again. */
const compose = (parts: Map<string, unknown>, like: unknown): unknown =>
  Array.isArray(like) ? [...parts.values()] : Object.fromEntries(parts);

function pathsOf(value: unknown, path: Path = []): Path[] {
  const parts = partsOf(value, path.at(-1) ?? '');
  const inner = [...(parts ?? [])].flatMap(([name, part]) => pathsOf(part, [...path, name]));
  return path.length === 0 ? inner : [path, ...inner];
}

function valueAt(value: unknown, path: Path, name = ''): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return value;
  return valueAt(partsOf(value, name)?.get(head), rest, head);
}

function merge(live: unknown, patch: unknown, name = ''): unknown {
  const [parts, changes] = [partsOf(live, name), partsOf(patch, name)];
  if (parts === undefined || changes === undefined || Array.isArray(live) !== Array.isArray(patch)) return patch;
  for (const [part, change] of changes) parts.set(part, merge(parts.get(part), change, part));
  return compose(parts, live);
}

/** Whether nothing is left of a part but, in an entry of a list, the fields of its key. */
function isSpent(part: unknown, name: string, list: unknown, listName: string): boolean {
  const inner = partsOf(part, name);
  if (inner === undefined) return true;
  if (Array.isArray(list)) for (const key of listKeys[listName] ?? []) inner.delete(key);
  return inner.size === 0;
}

/** The value without what is at the path. A map or list that still holds something stays: the rest is somebody else's. */
function without(value: unknown, path: Path, name = ''): unknown {
  const parts = partsOf(value, name);
  const [head, ...rest] = path;
  if (parts === undefined || head === undefined || !parts.has(head)) return value;
  const part = parts.get(head);
  if (rest.length > 0) parts.set(head, without(part, rest, head));
  else if (isSpent(part, head, value, name)) parts.delete(head);
  return compose(parts, value);
}

/** Whether a path is that of the key of a list's entry, which goes with the entry and not before. */
const isKey = (path: Path): boolean =>
  path.length > 2 && (listKeys[path.at(-3) ?? ''] ?? []).includes(path.at(-1) ?? '');

const isWhole = (value: unknown, path: Path): boolean => partsOf(value, path.at(-1) ?? '') === undefined;

/**
 * Server-side apply with force (KEP-555): the patch's fields are set, and those that this manager applied before but no
 * longer does go, unless another manager applies them too.
 * @param live the object as it is; not changed
 * @param managers claims of every manager of the object; brought up to date
 */
export function applyFields<T>(live: T, patch: unknown, manager: string, managers: Map<string, Claims>): T {
  const before = managers.get(manager) ?? new Map<string, boolean>();
  const others = [...managers].filter(([name]) => name !== manager).map(([, claims]) => claims);
  const claims: Claims = new Map();
  for (const path of pathsOf(patch)) {
    const id = JSON.stringify(path);
    const [was, is] = [valueAt(live, path), valueAt(patch, path)];
    const taken = was === undefined || (isWhole(is, path) && !isDeepStrictEqual(was, is));
    if (taken) for (const other of others) other.delete(id);
    claims.set(id, before.get(id) ?? taken);
  }
  let next = merge(live, patch);
  const dropped = [...before].filter(([id]) => !claims.has(id));
  // The innermost first, so that a map is empty when its turn comes.
  for (const [id, removable] of dropped.sort(([a], [b]) => b.length - a.length)) {
    const heirs = others.filter((other) => other.has(id));
    const path = JSON.parse(id) as Path;
    if (removable && heirs.length === 0 && !isKey(path)) next = without(next, path);
    if (removable) for (const heir of heirs) heir.set(id, true);
  }
  managers.set(manager, claims);
  return next as T;
}

/** A write that is not an apply takes the fields whose value it changes away from those who applied them. */
export function loseChanged(managers: Iterable<Claims>, before: unknown, after: unknown): void {
  for (const claims of managers) {
    for (const id of claims.keys()) {
      const path = JSON.parse(id) as Path;
      const [was, is] = [valueAt(before, path), valueAt(after, path)];
      if (is === undefined || (isWhole(is, path) && !isDeepStrictEqual(was, is))) claims.delete(id);
    }
  }
}
