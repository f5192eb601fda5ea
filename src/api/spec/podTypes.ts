import { listKeys, unionMembers } from '../mergeKeys.ts';
import { isObject, type Json } from '../objects.ts';
import { isQuantity } from '../quantity.ts';
import { podEnums } from './podEnums.ts';
import { kubernetesVersion, podFields } from './podFields.ts';
import { entryProblem, fieldProblem } from './podRules.ts';
import { nearest, type Problem } from './problems.ts';

type Path = Problem['path'];

/** Fields of a type, by name; undefined for what is no object with fields of its own. */
const types = new Map(
  Object.entries(podFields).map(([type, fields]) => [
    type,
    new Map(fields.split(' ').map((field) => field.split(':') as [string, string])),
  ]),
);

/** The objects of a value of a type, the outermost first: each with its type, the field it stands in, and where. */
export function typedObjects(value: unknown, type: string, field: string, path: Path): TypedObject[] {
  if (Array.isArray(value))
    return value.flatMap((entry, i) => typedObjects(entry, type.replace(/\[\]$/, ''), field, [...path, i]));
  const fields = types.get(type);
  if (!isObject(value) || fields === undefined) return [];
  const inner = Object.entries(value).flatMap(([name, part]) =>
    typedObjects(part, fields.get(name) ?? '', name, [...path, name]),
  );
  return [{ value, type, field, path }, ...inner];
}

export interface TypedObject {
  value: Json;
  type: string;
  field: string;
  path: Path;
}

/** Where a field that stands in the wrong place may belong, the likeliest first. */
const homes: [place: string, type: string][] = [
  ['metadata', 'ObjectMeta'],
  ['spec', 'PodSpec'],
  ['spec.containers[]', 'Container'],
  ['spec.containers[].resources', 'ResourceRequirements'],
  ['spec.containers[].securityContext', 'SecurityContext'],
  ['spec.securityContext', 'PodSecurityContext'],
  ['spec.affinity', 'Affinity'],
];

function unknownField(name: string, type: string, fields: Map<string, string>): string {
  const home = type === 'ObjectMeta' ? undefined : homes.find(([, other]) => types.get(other)?.has(name));
  const near = nearest(name, [...fields.keys()]);
  const advice =
    near !== undefined
      ? `; did you mean ${near}?`
      : home !== undefined
        ? `; it belongs to the template's ${home[0]}: ${home[0]}.${name}`
        : '';
  return `unknown field: ${type} has none of this name in Kubernetes ${kubernetesVersion}${advice}`;
}

/** A value as it would be written, short. */
const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
};

/** What a scalar of a type is not; undefined where the value is one. */
const scalarProblems: Record<string, (value: unknown) => string | undefined> = {
  string: (value) => {
    if (typeof value === 'string') return undefined;
    const quoted = typeof value === 'object' ? '' : `; write it in quotes: "${String(value)}"`;
    return `must be text, not ${shown(value)}${quoted}`;
  },
  integer: (value) => (Number.isInteger(value) ? undefined : `must be a whole number, not ${shown(value)}`),
  boolean: (value) => (typeof value === 'boolean' ? undefined : `must be true or false, not ${shown(value)}`),
  intOrString: (value) =>
    typeof value === 'string' || Number.isInteger(value)
      ? undefined
      : `must be text or a whole number, not ${shown(value)}`,
  quantity: (value) =>
    (Number.isFinite(value) && Number(value) >= 0) || (typeof value === 'string' && isQuantity(value))
      ? undefined
      : `must be a Kubernetes quantity such as 1, "500m" or "20Gi", not ${shown(value)}`,
  any: () => undefined,
};

/** Lists whose entries have a key: each has it, and none twice, or merging would lose one without a word. */
function keyProblems(list: readonly unknown[], field: string, path: Path): Problem[] {
  const keys = listKeys[field] ?? [];
  // Two entries that differ in their second key only are two; a key with a default may be left out.
  const [first] = keys;
  const seen = new Set<string>();
  return list.flatMap((entry, i): Problem[] => {
    if (first === undefined || !isObject(entry) || Object.hasOwn(entry, '$patch')) return [];
    if (entry[first] === undefined)
      return [{ path: [...path, i], message: `needs ${first}, which tells entries apart` }];
    const key = JSON.stringify(keys.map((name) => entry[name]));
    if (seen.has(key)) return [{ path: [...path, i], message: `there is another entry of this ${keys.join(' and ')}` }];
    seen.add(key);
    return [];
  });
}

function listProblems(value: unknown, type: string, field: string, owner: string, path: Path): Problem[] {
  if (!Array.isArray(value)) return [{ path, message: `must be a list, not ${shown(value)}` }];
  const inner = value.flatMap((entry, i) =>
    entry === null
      ? [{ path: [...path, i], message: 'must not be null' }]
      : problemsOf(entry, type, field, owner, [...path, i]),
  );
  return [...inner, ...keyProblems(value, field, path)];
}

const directives = ['delete', 'replace', 'merge'];

function objectProblems(value: Json, type: string, field: string, path: Path): Problem[] {
  const fields = types.get(type) ?? new Map<string, string>();
  const members = unionMembers(field, value).filter((name) => value[name] !== null && name !== '$patch');
  const inner = Object.entries(value).flatMap(([name, part]): Problem[] => {
    const here = [...path, name];
    if (name === '$patch')
      return directives.includes(part as string)
        ? []
        : [{ path: here, message: `must be one of ${directives.join(', ')}` }];
    const wanted = fields.get(name);
    if (wanted === undefined) return [{ path: here, message: unknownField(name, type, fields) }];
    return part === null ? [] : problemsOf(part, wanted, name, type, here);
  });
  if (members.length < 2 || inner.length > 0) return inner;
  return [{ path, message: `has both ${members.join(' and ')}, of which there may be one` }];
}

/** Words whose default Kubernetes fills in for empty text too. */
const defaulted = ['dnsPolicy', 'effect', 'imagePullPolicy', 'operator', 'protocol', 'terminationMessagePolicy'];

/** What is wrong with a value of a type, in a field of an owner's type. */
function problemsOf(value: unknown, type: string, field: string, owner: string, path: Path): Problem[] {
  if (type.endsWith('[]')) return listProblems(value, type.slice(0, -2), field, owner, path);
  const scalar = scalarProblems[type];
  if (scalar !== undefined) {
    const typeName = owner.replace(/^Ephemeral(?=Container$)/, '');
    const words = podEnums[`${typeName}.${field}`];
    const isDefault = value === '' && defaulted.includes(field);
    const unknown = words !== undefined && typeof value === 'string' && !words.includes(value) && !isDefault;
    const message =
      scalar(value) ??
      (unknown ? `must be one of ${words.join(', ')}` : undefined) ??
      fieldProblem(typeName, field, value);
    return message === undefined ? [] : [{ path, message }];
  }
  if (!isObject(value)) return [{ path, message: `must be an object, not ${shown(value)}` }];
  if (!type.endsWith('{}')) return objectProblems(value, type, field, path);
  return Object.entries(value).flatMap(([name, part]): Problem[] => {
    if (part === null) return [];
    const here = [...path, name];
    const message = entryProblem(owner, field, name, part);
    return [
      ...problemsOf(part, type.slice(0, -2), '', '', here),
      ...(message === undefined ? [] : [{ path: here, message }]),
    ];
  });
}

/**
 * What an API server would refuse, or drop, of a pod template: fields that there are not, values of another type, unknown
 * words, two members of a union. Fields that Kubernetes requires may come from another template, and are not asked for.
 */
export const podTemplateProblems = (template: unknown): Problem[] =>
  problemsOf(template, 'PodTemplateSpec', '', '', []);

/** What an API server would refuse, or drop, of an object's metadata. */
export const objectMetaProblems = (metadata: unknown): Problem[] =>
  metadata === undefined || metadata === null ? [] : problemsOf(metadata, 'ObjectMeta', '', '', []);
