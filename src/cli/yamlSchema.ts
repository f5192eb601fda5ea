import { defineMappingTag, defineScalarTag, defineSequenceTag, NOT_RESOLVED, Schema, strTag } from 'js-yaml';
import { isObject } from '../api/objects.ts';

/** Words as kubectl's YAML library (go-yaml 2, YAML 1.1) reads them. */
const words = new Map<string, boolean | null>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
]);
const special = new Map<string, number>([
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, Number.POSITIVE_INFINITY] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, Number.NEGATIVE_INFINITY] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
]);

const integer = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;
const float = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;

/**
 * A number as it is written: 010 is 8, 0x1F, 0b11, 100_000 and 1_000.5; undefined for text, dates among it.
 * What is too large for a float is text, as for kubectl.
 */
export function numberOf(text: string): number | undefined {
  if (!/^[-+.0-9]/.test(text)) return undefined;
  const known = special.get(text);
  if (known !== undefined) return known;
  const plain = text.startsWith('.') ? text : text.replaceAll('_', '');
  const [whole, sign, hexadecimal, binary, octal, decimal] = integer.exec(plain) ?? [];
  if (whole !== undefined) {
    const [digits, base] = [hexadecimal, binary, octal, decimal]
      .map((found, i) => [found, [16, 2, 8, 10][i]] as const)
      .find(([found]) => found !== undefined) ?? [undefined, 10];
    const value = Number.parseInt(digits ?? '0', base);
    return sign === '-' && value !== 0 ? -value : value;
  }
  const value = float.test(plain) ? Number(plain) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** The key of a map as JSON has it. */
function keyText(key: unknown): string {
  if (key === null || typeof key === 'object') throw new Error('a key must be text');
  return String(key);
}

const mergeKey = Symbol('<<');
/** Fields that the merge keys of a file may bring in all. */
const mostMerged = 100_000;
/** Where it is no key, the sign is text. */
const asValue = (value: unknown): unknown => (value === mergeKey ? '<<' : value);

/** The maps that a merge key brings, the one that wins last: of a list the first does. */
function mergedMaps(value: unknown): object[] {
  const maps: unknown[] = Array.isArray(value) ? value.toReversed() : [value];
  if (!maps.every(isObject)) throw new Error('a merge key needs a map, or a list of maps');
  return maps;
}

type Pairs = (readonly [unknown, unknown])[];

/** Makes maps of pairs; counts what merge keys bring, of which a few lines can ask for billions. */
function mapMaker(): (pairs: Readonly<Pairs>) => object {
  let merged = 0;
  /** Fields in the order in which they are written, later ones winning, those that a merge key brings too. */
  return (pairs) => {
    const fields = new Map<string, unknown>();
    for (const [key, value] of pairs) {
      if (key !== mergeKey) {
        fields.set(keyText(key), value);
        continue;
      }
      for (const map of mergedMaps(value)) {
        const entries = Object.entries(map);
        merged += entries.length + 1;
        if (merged > mostMerged) throw new Error(`merge keys bring more than ${mostMerged} fields`);
        for (const [name, inner] of entries) fields.set(name, inner);
      }
    }
    return Object.fromEntries(fields);
  };
}

const never = () => false;
const tag = (name: string) => `tag:yaml.org,2002:${name}`;

const word = (name: string, fits: (value: boolean | null) => boolean) =>
  defineScalarTag(tag(name), {
    implicit: true,
    resolve(source) {
      const value = words.get(source);
      return value !== undefined && fits(value) ? value : NOT_RESOLVED;
    },
    identify: never,
  });

const number = (name: string, implicit: boolean) =>
  defineScalarTag(tag(name), {
    implicit,
    resolve: (source) => numberOf(source) ?? NOT_RESOLVED,
    identify: never,
  });

const listParts = {
  create: (): unknown[] => [],
  addItem: (items: unknown[], item: unknown) => void items.push(asValue(item)),
  identify: never,
};
const mapParts = () => ({
  create: (): Pairs => [],
  addPair(pairs: Pairs, key: unknown, value: unknown) {
    pairs.push([key, asValue(value)]);
    return '';
  },
  has: never,
  keys: Object.keys,
  get: () => undefined,
  finalize: mapMaker(),
  identify: never,
});

/** What a tag begins with that means nothing to kubectl, which reads its value as if it were not there. */
const foreign = ['!', 'tag:'];

/** Text as base64; other bytes would not be text in JSON. */
function decoded(source: string): string | typeof NOT_RESOLVED {
  const plain = source.replaceAll(/\s/g, '');
  return /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(plain)
    ? Buffer.from(plain, 'base64').toString('utf8')
    : NOT_RESOLVED;
}

const scalarTags = [
  strTag,
  word('null', (value) => value === null),
  word('bool', (value) => value !== null),
  number('int', true),
  number('float', false),
  // A date is text in JSON, and so is what a tag of somebody's own stands before.
  defineScalarTag(tag('timestamp'), { resolve: (source) => source, identify: never }),
  defineScalarTag(tag('binary'), { resolve: decoded, identify: never }),
  // Under a name of its own: js-yaml's merging lets the last map of a list win, and keys that stand before it.
  defineScalarTag<symbol>(tag('merge-key'), {
    implicit: true,
    resolve: (source) => (source === '<<' ? mergeKey : NOT_RESOLVED),
    identify: never,
  }),
];

/** YAML as kubectl reads it, so that a file means the same here and on a cluster: for one file. test/apiserver asks kubectl. */
export function kubernetesSchema(): Schema {
  const map = mapParts();
  return new Schema([
    ...scalarTags,
    defineSequenceTag<unknown[]>(tag('seq'), listParts),
    defineMappingTag<Pairs, object>(tag('map'), map),
    ...foreign.flatMap((tagName) => [
      defineScalarTag(tagName, { matchByTagPrefix: true, resolve: (source) => source, identify: never }),
      defineSequenceTag<unknown[]>(tagName, { matchByTagPrefix: true, ...listParts }),
      defineMappingTag<Pairs, object>(tagName, { matchByTagPrefix: true, ...map }),
    ]),
  ]);
}
