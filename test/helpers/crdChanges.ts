import { isObject, type Json } from '../../src/api/objects.ts';

/** Bounds that only let more pass when they change in this direction. */
const bounds: Record<string, 'lower' | 'higher'> = {
  minimum: 'lower',
  minLength: 'lower',
  minItems: 'lower',
  minProperties: 'lower',
  maximum: 'higher',
  maxLength: 'higher',
  maxItems: 'higher',
  maxProperties: 'higher',
};

/** What may not change at all: another value reads or merges otherwise what people have. */
const fixed = [
  ...['type', 'format', 'pattern', 'exclusiveMinimum', 'exclusiveMaximum', 'uniqueItems', 'not'],
  ...['x-kubernetes-int-or-string', 'x-kubernetes-preserve-unknown-fields'],
  ...['x-kubernetes-list-type', 'x-kubernetes-list-map-keys', 'x-kubernetes-map-type'],
];

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const objectOf = (value: unknown): Json => (isObject(value) ? value : {});
const text = (value: unknown): string => JSON.stringify(value) ?? 'nothing';

/** A bound that lets less pass than before. */
function tightened(before: Json, after: Json): string[] {
  return Object.entries(bounds).flatMap(([name, direction]) => {
    const [old, now] = [before[name], after[name]];
    if (now === undefined || old === now) return [];
    const wider = old !== undefined && (direction === 'lower' ? Number(now) < Number(old) : Number(now) > Number(old));
    return wider ? [] : [`${name} ${text(old)} → ${text(now)}`];
  });
}

/** Whether a default fills in what it did, besides fields that are new. */
function keeps(before: unknown, after: unknown): boolean {
  if (!isObject(before) || !isObject(after)) return text(before) === text(after);
  return Object.entries(before).every(([name, value]) => keeps(value, after[name]));
}

function ownBreaks(before: Json, after: Json): string[] {
  const changed = fixed.filter((name) => text(before[name]) !== text(after[name]));
  if (!keeps(before.default, after.default)) changed.push('default');
  const gone =
    after.enum === undefined
      ? []
      : before.enum === undefined
        ? ['enum is new']
        : listOf(before.enum)
            .filter((word) => !listOf(after.enum).includes(word))
            .map((word) => `enum lost ${text(word)}`);
  const rulesOf = (schema: Json) => listOf(schema['x-kubernetes-validations']).map((each) => objectOf(each).rule);
  const rules = rulesOf(after).filter((rule) => !rulesOf(before).includes(rule));
  const required = listOf(after.required).filter((field) => {
    const { default: filledIn } = objectOf(objectOf(after.properties)[String(field)]);
    return !listOf(before.required).includes(field) && filledIn === undefined;
  });
  return [
    ...changed.map((name) => `${name} ${text(before[name])} → ${text(after[name])}`),
    ...tightened(before, after),
    ...gone,
    ...rules.map((rule) => `rule ${text(rule)}`),
    ...required.map((field) => `requires ${text(field)}`),
  ];
}

/**
 * What a schema no longer takes, or reads otherwise, of what it took before: fields that are gone, other types and defaults,
 * fewer words, narrower bounds, more that is required, more rules.
 * @returns one line for each, beginning with the path of the field
 */
export function schemaBreaks(before: Json, after: Json, path = ''): string[] {
  const own = ownBreaks(before, after).map((what) => `${path}: ${what}`);
  const properties = Object.entries(objectOf(before.properties)).flatMap(([name, schema]) => {
    const here = path === '' ? name : `${path}.${name}`;
    const now = objectOf(after.properties)[name];
    return now === undefined ? [`${here}: is gone`] : schemaBreaks(objectOf(schema), objectOf(now), here);
  });
  const below = (['items', 'additionalProperties'] as const).flatMap((name) => {
    if (before[name] === undefined) return [];
    const suffix = name === 'items' ? '[]' : '{}';
    if (after[name] === undefined) return [`${path}${suffix}: is gone`];
    return schemaBreaks(objectOf(before[name]), objectOf(after[name]), `${path}${suffix}`);
  });
  return [...own, ...properties, ...below];
}

interface Version {
  name: string;
  served: boolean;
  schema: { openAPIV3Schema: Json };
}

export interface Crd {
  spec: { group: string; scope: string; names: Json; versions: Version[] };
}

/** What clients, and objects that are stored, can no longer count on in a CRD. */
export function crdBreaks({ spec: before }: Crd, { spec: after }: Crd): string[] {
  const named = (['group', 'scope'] as const)
    .filter((field) => before[field] !== after[field])
    .map((field) => `${field}: ${before[field]} → ${after[field]}`);
  const names = ['kind', 'listKind', 'plural', 'singular', 'shortNames']
    .filter((field) => text(before.names[field]) !== text(after.names[field]))
    .map((field) => `names.${field}: ${text(before.names[field])} → ${text(after.names[field])}`);
  const versions = before.versions.flatMap(({ name, schema }) => {
    const now = after.versions.find((version) => version.name === name);
    if (now?.served !== true) return [`version ${name}: is not served`];
    return schemaBreaks(schema.openAPIV3Schema, now.schema.openAPIV3Schema);
  });
  return [...named, ...names, ...versions];
}
