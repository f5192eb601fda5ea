import { z } from 'zod';
import { isObject } from '../../src/api/objects.ts';

/** What to merge into a value: objects and lists by their entries, undefined takes a field away. */
export type Change = { [field: string]: unknown };

/** A field of a schema, and a value in which only it is another; undefined where the field can have one value only. */
export interface ChangedField {
  path: string;
  changed: unknown;
}

/** The schema behind defaults and optional. */
function bare(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional
    ? bare(schema.def.innerType)
    : schema;
}

/** Another value of a field without fields of its own; undefined where there is none. */
function other(schema: z.core.$ZodType, value: unknown): unknown {
  const candidates: unknown[] = [];
  if (schema instanceof z.ZodEnum) candidates.push(...schema.options);
  else if (schema instanceof z.ZodLiteral) candidates.push(...schema.values);
  else if (schema instanceof z.ZodBoolean) candidates.push(!value);
  else if (schema instanceof z.ZodNumber) candidates.push(Number(value) / 2, Number(value) + 1, Number(value) + 8);
  else if (schema instanceof z.ZodString) candidates.push('other', '5Gi', '1');
  else if (schema instanceof z.ZodArray && Array.isArray(value))
    for (const entry of [other(bare(schema.element), value.at(-1))]) {
      if (entry !== undefined) candidates.push([...value.slice(0, -1), entry], [...value, entry]);
    }
  else candidates.push('5Gi', { memory: '1' }, { team: 'b' }, { metadata: { labels: { team: 'b' } } });
  const wanted = JSON.stringify(value);
  return candidates.find((each) => JSON.stringify(each) !== wanted && z.safeParse(schema, each).success);
}

function merge(value: unknown, change: unknown): unknown {
  if (Array.isArray(value) && Array.isArray(change) && change.every(isObject))
    return change.length === 0 ? change : value.map((entry, i) => merge(entry, change[i] ?? {}));
  if (!isObject(value) || !isObject(change)) return change;
  const merged = { ...value };
  for (const [name, inner] of Object.entries(change)) {
    if (inner === undefined) delete merged[name];
    else merged[name] = merge(value[name], inner);
  }
  return merged;
}

/** Fields of a schema with their place: [name, […]] reaches into the first entry of a list. */
function* leaves(schema: z.core.$ZodType, path: string): Generator<{ path: string; schema: z.core.$ZodType }> {
  const inner = bare(schema);
  if (inner instanceof z.ZodObject && inner.def.catchall?._zod.def.type !== 'unknown')
    for (const [name, field] of Object.entries(inner.shape as z.core.$ZodShape))
      yield* leaves(field, path === '' ? name : `${path}.${name}`);
  else if (inner instanceof z.ZodArray && bare(inner.element) instanceof z.ZodObject)
    yield* leaves(inner.element, `${path}[]`);
  else yield { path, schema: inner };
}

const placeOf = (path: string): (string | number)[] =>
  path.split('.').flatMap((part) => (part.endsWith('[]') ? [part.slice(0, -2), 0] : [part]));

const at = (value: unknown, place: readonly (string | number)[]): unknown =>
  place.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown> | undefined)?.[key], value);

/** A change of one place. */
const changeOf = (place: readonly (string | number)[], value: unknown): unknown =>
  place.reduceRight<unknown>((inner, key) => (key === 0 ? [inner] : { [key]: inner }), value);

/**
 * Every field of a schema, changed alone.
 * @param value sets all fields that are changed
 * @param tied changes of fields that rules tie to others, by path
 */
export function* changesOf(
  schema: z.core.$ZodType,
  value: unknown,
  tied: Record<string, Change>,
): Generator<ChangedField> {
  for (const leaf of leaves(schema, '')) {
    const { path } = leaf;
    const place = placeOf(path);
    const own = tied[path] ?? undefined;
    if (own !== undefined) {
      yield { path, changed: merge(value, own) };
      continue;
    }
    const another = other(leaf.schema, at(value, place));
    yield { path, changed: another === undefined ? undefined : merge(value, changeOf(place, another)) };
  }
}
