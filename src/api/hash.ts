import { createHash } from 'node:crypto';
import { z } from 'zod';
import { compact } from './compact.ts';
import { isObject } from './objects.ts';

/** JSON with sorted keys and without undefined: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

/** First 16 hex digits of the sha256 of a value's canonical JSON: the address of what is made from it. */
export function contentHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 16);
}

/** What has no fields of its own, and so no defaults inside. */
const leaves = [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodEnum, z.ZodLiteral];

/**
 * What a value says beyond its schema's defaults; undefined where it says nothing. An address is made from this, so that a
 * new field with a default moves none (docs/adr/0002). An object that has a default goes when nothing of it is left; one
 * that is optional stays though it is empty, because that it is there says something.
 * @param value as the schema has parsed it
 * @throws Error for a kind of schema whose defaults it could not see
 */
export function withoutDefaults(schema: z.core.$ZodType, value: unknown): unknown {
  if (value === undefined) return undefined;
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    const { innerType, defaultValue } = schema.def;
    const own = withoutDefaults(innerType, value);
    return canonicalJson(own) === canonicalJson(withoutDefaults(innerType, defaultValue)) ? undefined : own;
  }
  if (schema instanceof z.ZodOptional) return withoutDefaults(schema.def.innerType, value);
  if (schema instanceof z.ZodArray && Array.isArray(value))
    return value.map((entry: unknown) => withoutDefaults(schema.element, entry) ?? entry);
  if (schema instanceof z.ZodObject && isObject(value)) {
    const shape: z.core.$ZodShape = schema.shape;
    const fields = Object.entries(shape).map(([name, field]) => [name, withoutDefaults(field, value[name])] as const);
    return compact(Object.fromEntries(fields));
  }
  if (leaves.some((leaf) => schema instanceof leaf)) return value;
  throw new Error(`an address cannot be made from a schema of type ${schema._zod.def.type}`);
}
