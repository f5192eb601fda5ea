export type Json = { [key: string]: unknown };

/** Whether a value is a map of fields: no list, no null. */
export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
