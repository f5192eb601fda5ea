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

/** A document, list or map that is being read. */
interface Open {
  path: Path;
  kind: 'document' | 'sequence' | 'mapping';
  /** Items read so far. */
  count: number;
  /** Of a map: the key whose value comes next, and where it is. */
  key: { name: string; at: number } | undefined;
}

const idOf = (path: Path): string => JSON.stringify(path.map(String));

/** Forgets the fields of a value in whose place another is read. */
function forgetBelow(offsets: Map<string, number>, id: string): void {
  for (const other of offsets.keys()) if (other.startsWith(`${id.slice(0, -1)},`)) offsets.delete(other);
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

/**
 * Finds the fields of every document of a YAML text.
 * @throws YAMLException where it is not YAML
 */
export function positionsOf(text: string): Positions[] {
  const newlines = [...text.matchAll(/\n/g)].map(({ index }) => index);
  const placeAt = (offset: number): Place => {
    const before = newlines.filter((newline) => newline < offset);
    return { line: before.length + 1, column: offset - (before.at(-1) ?? -1) };
  };
  const documents: { offsets: Map<string, number>; repeated: Positions['repeated'] }[] = [];
  const open: Open[] = [];
  for (const event of parseEvents(text, {})) {
    if (event.type === EVENT_ID.POP) {
      open.pop();
      continue;
    }
    if (event.type === EVENT_ID.DOCUMENT) {
      documents.push({ offsets: new Map(), repeated: [] });
      open.push({ path: [], kind: 'document', count: 0, key: undefined });
      continue;
    }
    const parent = open.at(-1) as Open;
    const offset = offsetOf(event);
    const isKey = parent.kind === 'mapping' && parent.key === undefined;
    let path = parent.path;
    if (isKey) {
      // Reading the document would refuse it too, but not say where.
      if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE)
        YAMLException.throwAt(text, offset, 'a key must be text; if this is a template, fill it in first');
      const name = event.type === EVENT_ID.SCALAR ? getScalarValue(text, event) : '';
      parent.key = { name, at: offset };
    } else {
      if (parent.kind === 'sequence') path = [...path, parent.count++];
      if (parent.key !== undefined) path = [...path, parent.key.name];
      const document = documents.at(-1) as (typeof documents)[number];
      const [id, at] = [idOf(path), parent.key?.at ?? offset];
      if (document.offsets.has(id) && parent.key !== undefined) {
        document.repeated.push({ key: parent.key.name, place: placeAt(at) });
        forgetBelow(document.offsets, id);
      }
      document.offsets.set(id, at);
      parent.key = undefined;
    }
    if (event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.MAPPING) {
      open.push({ path, kind: event.type === EVENT_ID.SEQUENCE ? 'sequence' : 'mapping', count: 0, key: undefined });
    }
  }
  return documents.map(({ offsets, repeated }) => ({
    repeated,
    placeOf(path) {
      for (let length = path.length; length >= 0; length--) {
        const offset = offsets.get(idOf(path.slice(0, length)));
        if (offset !== undefined) return placeAt(offset);
      }
      return { line: 1, column: 1 };
    },
  }));
}
