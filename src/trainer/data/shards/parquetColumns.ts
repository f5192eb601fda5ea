import { type FileMetaData, parquetSchema, type SchemaTree } from 'hyparquet';
import { z } from 'zod';
import { DdrError } from '../../../api/errors.ts';

/** What the datasets library of Hugging Face writes into a file of what its columns mean, as far as it matters here. */
interface Features {
  /** Columns of images, with dots between the names of nested ones. */
  images: Set<string>;
  /** Names of classes by the column that numbers them. */
  classes: Map<string, readonly string[]>;
}

const record = z.record(z.string(), z.unknown());
const about = z.object({ info: z.object({ features: record }) });

/** Deepest nesting of columns that is looked into. */
const deepest = 16;

/** What the file says of its columns; nothing where it was written by something else. */
export function featuresOf({ key_value_metadata }: Pick<FileMetaData, 'key_value_metadata'>): Features {
  const features: Features = { images: new Set(), classes: new Map() };
  const collect = (value: unknown, path: readonly string[]): void => {
    const parsed = record.safeParse(value);
    if (!parsed.success || path.length > deepest) return;
    const { _type: type, names } = parsed.data;
    if (type === 'Image') features.images.add(path.join('.'));
    else if (type === 'ClassLabel') features.classes.set(path.join('.'), z.array(z.string()).catch([]).parse(names));
    else for (const [name, nested] of Object.entries(parsed.data)) collect(nested, [...path, name]);
  };
  const text = key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  try {
    collect(about.parse(JSON.parse(text ?? '')).info.features, []);
  } catch {
    // Not theirs: the columns' shapes have to do.
  }
  return features;
}

/** A column that can be read by itself: a leaf of the schema, none of whose parents repeats. */
export interface Leaf {
  /** Names from the top. */
  path: readonly string[];
  /** As people and specs name it: of an image's struct that of the struct. */
  name: string;
  type: string;
  isText: boolean;
  isImageStruct: boolean;
}

/** @throws Error where the schema is none */
export function leavesOf(metadata: FileMetaData): Leaf[] {
  const collect = (tree: SchemaTree): Leaf[] => {
    const { element, children, path } = tree;
    if (element.repetition_type === 'REPEATED' || path.length > deepest) return [];
    if (children.length > 0) return children.flatMap(collect);
    const { type, converted_type, logical_type } = element;
    const isText = converted_type === 'UTF8' || ['STRING', 'JSON', 'ENUM'].includes(logical_type?.type ?? '');
    return [{ path, name: path.join('.'), type: type ?? '', isText, isImageStruct: false }];
  };
  const leaves = parquetSchema(metadata).children.flatMap(collect);
  return leaves.map((leaf) => {
    const parent = leaf.path.slice(0, -1).join('.');
    const hasPath = leaves.some(({ name }) => name === `${parent}.path`);
    const isImageStruct = parent !== '' && leaf.path.at(-1) === 'bytes' && isBinary(leaf) && hasPath;
    return isImageStruct ? { ...leaf, name: parent, isImageStruct } : leaf;
  });
}

const isBinary = ({ type, isText }: Pick<Leaf, 'type' | 'isText'>) => type === 'BYTE_ARRAY' && !isText;

/** Columns that a message names. */
const namedColumns = 10;

function listed(leaves: readonly Leaf[]): string {
  const named = leaves.slice(0, namedColumns).map(({ name, type, isText }) => `${name} (${isText ? 'text' : type})`);
  return [...named, ...(leaves.length > namedColumns ? [`and ${leaves.length - namedColumns} others`] : [])].join(', ');
}

/** The only one of some columns. @throws DdrError InputForeign */
function onlyOne(
  found: readonly Leaf[],
  all: readonly Leaf[],
  { what, field, where }: { what: string; field: string; where: string },
): Leaf {
  const [only, other] = found;
  if (only !== undefined && other === undefined) return only;
  const [message, hint] =
    only === undefined
      ? [`has no ${what}, only ${listed(all) || 'none'}`, `Name the column in ${field}.`]
      : [`has several columns that could be the ${what}: ${listed(found)}`, `Name one of them in ${field}.`];
  throw new DdrError('InputForeign', message, { where, hint });
}

/**
 * The column of the images: the one that was named, else the only one that its features say is of images, else the only struct
 * {bytes, path}, else the only column of bytes.
 * @throws DdrError InputForeign
 */
export function imageColumn(
  leaves: readonly Leaf[],
  { images }: Features,
  named: string | undefined,
  where: string,
): Leaf {
  const asked = {
    what: named === undefined ? 'column of images' : `column ${named} of images`,
    field: 'dataset.field',
    where,
  };
  const binary = leaves.filter(isBinary);
  if (named !== undefined)
    return onlyOne(
      binary.filter(({ name, path }) => name === named || path.join('.') === named),
      leaves,
      asked,
    );
  const ways = [
    binary.filter(({ name }) => images.has(name)),
    binary.filter(({ isImageStruct }) => isImageStruct),
    binary,
  ];
  return onlyOne(ways.find((found) => found.length > 0) ?? [], leaves, asked);
}

const whole = new Set(['INT32', 'INT64', 'BOOLEAN']);

/**
 * The column of the classes: the one that was named, else the only one that the file says numbers classes.
 * @throws DdrError InputForeign
 */
export function labelColumn(
  leaves: readonly Leaf[],
  { classes }: Features,
  named: string | undefined,
  where: string,
): Leaf & { classNames?: readonly string[] } {
  const found = leaves.filter(({ name }) => (named === undefined ? classes.has(name) : name === named));
  const what = named === undefined ? 'column of classes' : `column ${named}`;
  const leaf = onlyOne(found, leaves, { what, field: 'dataset.labels.field', where });
  if (!whole.has(leaf.type)) {
    throw new DdrError(
      'InputForeign',
      `has labels of type ${leaf.isText ? 'text' : leaf.type} in ${leaf.name}, not whole numbers`,
      {
        where,
        hint: 'Number them in Python: dataset.class_encode_column("label").',
      },
    );
  }
  const classNames = classes.get(leaf.name);
  return { ...leaf, ...(classNames !== undefined && classNames.length > 0 && { classNames }) };
}
