import { isObject } from './objects.ts';

/** Left as they are: in a template null means that a field of another template goes. */
const kept = ['podTemplate'];

/**
 * Drops fields whose value is null, as an API server does before it fills in defaults: who writes null means the same as who
 * writes nothing. Where null stands in a list it stays, and is refused as there.
 */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const fields = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(fields.map(([name, inner]) => [name, kept.includes(name) ? inner : withoutNulls(inner)]));
}

/** The same value with undefined for null: who looks at names only still sees those of fields that hold nothing. */
export function undefinedForNulls(value: unknown): unknown {
  if (value === null) return undefined;
  if (Array.isArray(value)) return value.map(undefinedForNulls);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, undefinedForNulls(inner)]));
}
