import { EVENT_ID, type Event, getScalarValue, parseEvents, YAMLException } from 'js-yaml';

type Path = readonly (string | number)[];

/** Both from 1. */
export interface Place {
  line: number;
  column: number;
}

/** Where the fields of a document are written. */
export interface Positions {
  /** Place of a field; where it is not written, that of the closest field around it that is. */
  placeOf(path: Path): Place;
  /** Keys that a map has already, where they come again. */
  repeated: { key: string; place: Place }[];
}

/** Where a field is written, and the fields in it. */
interface Field {
  at: number;
  fields: Map<string, Field>;
}

/** A document, list or map that is being read. */
interface Open {
  field: Field;
  kind: 'document' | 'sequence' | 'mapping';
  /** Items read so far. */
  count: number;
  /** Of a map: the key whose value comes next, and where it is. */
  key: { name: string; at: number } | undefined;
}

interface Root {
  field: Field;
  repeated: { key: string; at: number }[];
}

const fieldAt = (at: number): Field => ({ at, fields: new Map() });

/** A place in a text, as a place in the file of which the text begins there. */
export const placeFrom = (from: Place, { line, column }: Place): Place => ({
  line: from.line + line - 1,
  column: line === 1 ? from.column + column - 1 : column,
});

/** Places of offsets of a text, each found in a few steps however long it is. */
function placesIn(text: string): (offset: number) => Place {
  const newlines = [...text.matchAll(/\n/g)].map(({ index }) => index);
  return (offset) => {
    let [from, to] = [0, newlines.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((newlines[middle] as number) < offset) from = middle + 1;
      else to = middle;
    }
    return { line: from + 1, column: offset - (newlines[from - 1] ?? -1) };
  };
}

function offsetOf(event: Event): number {
  switch (event.type) {
    case EVENT_ID.SCALAR:
      return event.valueStart;
    case EVENT_ID.SEQUENCE:
    case EVENT_ID.MAPPING:
      return event.start;
    case EVENT_ID.ALIAS:
      return event.anchorStart;
    default:
      return 0;
  }
}

/** A key of a map. */
function keyOf(text: string, event: Event): { name: string; at: number } {
  const at = offsetOf(event);
  // Reading the document would refuse it too, but not say where.
  if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE)
    YAMLException.throwAt(text, at, 'a key must be text; if this is a template, fill it in first');
  return { name: event.type === EVENT_ID.SCALAR ? getScalarValue(text, event) : '', at };
}

/** Adds a value to what is being read; one that is there already is forgotten, with all in it. */
function addValue(parent: Open, offset: number, repeated: Root['repeated']): Field {
  if (parent.kind === 'document') return parent.field;
  const { key } = parent;
  const name = key?.name ?? String(parent.count++);
  const field = fieldAt(key?.at ?? offset);
  if (key !== undefined && parent.field.fields.has(name)) repeated.push({ key: name, at: key.at });
  parent.field.fields.set(name, field);
  parent.key = undefined;
  return field;
}

/** The documents of a text as trees of fields. */
function rootsOf(text: string): Root[] {
  const roots: Root[] = [];
  const open: Open[] = [];
  const begin = (field: Field, kind: Open['kind']) => open.push({ field, kind, count: 0, key: undefined });
  for (const event of parseEvents(text, {})) {
    if (event.type === EVENT_ID.POP) {
      open.pop();
      continue;
    }
    if (event.type === EVENT_ID.DOCUMENT) {
      roots.push({ field: fieldAt(0), repeated: [] });
      begin((roots.at(-1) as Root).field, 'document');
      continue;
    }
    const parent = open.at(-1) as Open;
    if (parent.kind === 'mapping' && parent.key === undefined) {
      parent.key = keyOf(text, event);
      continue;
    }
    const offset = offsetOf(event);
    if (parent.kind === 'document') parent.field.at = offset;
    const field = addValue(parent, offset, (roots.at(-1) as Root).repeated);
    if (event.type === EVENT_ID.SEQUENCE) begin(field, 'sequence');
    if (event.type === EVENT_ID.MAPPING) begin(field, 'mapping');
  }
  return roots;
}

/**
 * Finds the fields of every document of a YAML text.
 * @param from where the text begins in its file
 * @throws YAMLException where it is not YAML
 */
export function positionsOf(text: string, from: Place = { line: 1, column: 1 }): Positions[] {
  const roots = rootsOf(text);
  const placeIn = placesIn(text);
  const placeAt = (offset: number) => placeFrom(from, placeIn(offset));
  return roots.map(({ field: root, repeated }) => ({
    repeated: repeated.map(({ key, at }) => ({ key, place: placeAt(at) })),
    placeOf(path) {
      let field = root;
      for (const part of path) {
        const inner = field.fields.get(String(part));
        if (inner === undefined) break;
        field = inner;
      }
      return placeAt(field.at);
    },
  }));
}
