import { loadAll, type Schema, YAMLException } from 'js-yaml';
import { DdrError } from '../api/errors.ts';
import { type Place, type Positions, placeFrom, positionsOf } from './positions.ts';
import { kubernetesSchema } from './yamlSchema.ts';

/** Values in a file once its aliases are followed: a few lines of YAML can stand for billions (an alias bomb). */
const mostValues = 200_000;

/** A document of a file, and where its fields are written. */
export interface Document {
  value: unknown;
  positions: Positions;
}

export const describePlace = ({ line, column }: Place): string => `line ${line}, column ${column}`;

/** A part of a file that is read by itself. */
interface Part {
  text: string;
  /** Where it begins in the file. */
  from: Place;
}

const start: Place = { line: 1, column: 1 };

/** The JSON texts that stand one after another in a text, which is no YAML; undefined where there is anything else. */
function jsonTexts(text: string): Part[] | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  const parts: Part[] = [];
  let [begin, depth, quoted] = [0, 0, false];
  let [line, lineStart, from] = [1, 0, start];
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\n') [line, lineStart] = [line + 1, i + 1];
    else if (quoted && text[i] === '\\') i++;
    else if (text[i] === '"') quoted = !quoted;
    else if (!quoted && text[i] === '{') depth++;
    else if (!quoted && text[i] === '}' && --depth === 0) {
      parts.push({ text: text.slice(begin, i + 1), from });
      begin = i + 1;
      from = { line, column: begin - lineStart + 1 };
    }
  }
  return text.slice(begin).trim() === '' && parts.every(isJson) ? parts : undefined;
}

function isJson({ text }: Part): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** @throws YAMLException */
function readYaml({ text, from }: Part, schema: Schema): Document[] {
  const separator = /^---[ \t]*[^\s#].*$/m.exec(text);
  if (separator !== null) YAMLException.throwAt(text, separator.index, 'a document begins on the line after ---');
  const positions = positionsOf(text, from);
  return loadAll(text, { schema }).map((value, i) => ({ value, positions: positions[i] as Positions }));
}

/** @throws DdrError InputForeign */
function readPart(part: Part, schema: Schema, name: string): Document[] {
  try {
    return readYaml(part, schema);
  } catch (cause) {
    if (!(cause instanceof YAMLException)) throw new DdrError('InputForeign', 'is not YAML', { where: name, cause });
    const { mark, reason } = cause;
    const place = mark && placeFrom(part.from, { line: mark.line + 1, column: mark.column + 1 });
    const where = place === undefined ? name : `${name}, ${describePlace(place)}`;
    throw new DdrError('InputForeign', `is not YAML: ${reason}`, { where, cause });
  }
}

/**
 * The documents of a text as kubectl reads them: YAML 1.1 as go-yaml understands it, or JSON.
 * @param name of the file, for messages
 * @throws DdrError InputForeign where it is neither, InputUnsafe where it stands for too many values
 */
export function parseDocuments(text: string, name: string): Document[] {
  const schema = kubernetesSchema();
  const parts = jsonTexts(text) ?? [{ text, from: start }];
  const documents = parts.flatMap((part) => readPart(part, schema, name));
  assertBounded(documents, name);
  return documents;
}

/** The one value that a text is, read as kubectl would. @throws YAMLException, for several values too */
export function parseValue(text: string): unknown {
  const [value = null, ...others] = loadAll(text, { schema: kubernetesSchema() });
  if (others.length > 0) throw new YAMLException('holds several documents');
  return value;
}

/** @throws DdrError InputUnsafe where documents stand for too many values, or for endlessly many */
function assertBounded(documents: readonly Document[], name: string): void {
  const waiting = documents.map(({ value }) => value);
  for (let count = 0; waiting.length > 0; count++) {
    if (count > mostValues) {
      throw new DdrError('InputUnsafe', `stands for more than ${mostValues} values`, {
        where: name,
        hint: 'A run is much smaller; its aliases may refer to one another too often.',
      });
    }
    const value = waiting.pop();
    if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) waiting.push(inner);
  }
}
