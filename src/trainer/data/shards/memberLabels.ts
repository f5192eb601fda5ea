import { DdrError } from '../../../api/errors.ts';

/** A label as text, such as `7`. @throws DdrError InputForeign */
export function labelOfText(bytes: Uint8Array, where: string): number {
  const text = Buffer.from(bytes).toString('latin1').trim();
  if (/^[+-]?\d{1,15}$/.test(text)) return Number(text);
  throw new DdrError('InputForeign', `has a .cls that is no whole number: ${JSON.stringify(text.slice(0, 40))}`, {
    where,
    hint: 'Write the number of its class, from 0.',
  });
}

/**
 * A label from a field of a JSON object.
 * @param field a name, or names with dots between them, of a field in a field
 * @throws DdrError InputForeign
 */
export function labelOfJson(bytes: Uint8Array, field: string, where: string): number {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new DdrError('InputForeign', 'has a .json that is none', { where, cause });
  }
  // A name with dots in it is meant as it stands, where there is one.
  const found = memberOf(value, field) ?? field.split('.').reduce<unknown>(memberOf, value);
  if (typeof found === 'number' && Number.isSafeInteger(found)) return found;
  const said = found === undefined ? `no field ${field}` : `${JSON.stringify(found).slice(0, 40)} in ${field}`;
  throw new DdrError('InputForeign', `has a .json with ${said}, not the number of a class`, {
    where,
    hint: 'Name the field in dataset.labels.field; it holds a whole number from 0.',
  });
}

const memberOf = (value: unknown, name: string): unknown =>
  value !== null && typeof value === 'object' && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
