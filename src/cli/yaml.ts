import { loadAll, YAMLException } from 'js-yaml';
import { DdrError } from '../api/errors.ts';
import { type Place, type Positions, positionsOf } from './positions.ts';
import { kubernetesSchema } from './yamlSchema.ts';

/** Values in a document once its aliases are followed: a few lines of YAML can stand for billions (an alias bomb). */
const mostValues = 200_000;

/** A document of a file, and where its fields are written. */
export interface Document {
  value: unknown;
  positions: Positions;
}

export const describePlace = ({ line, column }: Place): string => `line ${line}, column ${column}`;

/**
 * The JSON texts that stand one after another in a text, which is no YAML: each with all before it blanked out, so that its
 * places stay; undefined where there is anything else.
 */
function jsonTexts(text: string): string[] | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  const texts: string[] = [];
  let [start, depth, quoted] = [0, 0, false];
  for (let i = 0; i < text.length; i++) {
    if (quoted && text[i] === '\\') i++;
    else if (text[i] === '"') quoted = !quoted;
    else if (!quoted && text[i] === '{') depth++;
    else if (!quoted && text[i] === '}' && --depth === 0) {
      texts.push(text.slice(0, start).replaceAll(/[^\n]/g, ' ') + text.slice(start, i + 1));
      start = i + 1;
    }
  }
  return text.slice(start).trim() === '' && texts.every(isJson) ? texts : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function readYaml(text: string): Document[] {
  const separator = /^---[ \t]*[^\s#].*$/m.exec(text);
  if (separator !== null) YAMLException.throwAt(text, separator.index, 'a document begins on the line after ---');
  const positions = positionsOf(text);
  return loadAll(text, { schema: kubernetesSchema }).map((value, i) => ({
    value,
    positions: positions[i] as Positions,
  }));
}

/**
 * The documents of a text as kubectl reads them: YAML 1.1 as go-yaml understands it, or JSON.
 * @param name of the file, for messages
 * @throws DdrError InputForeign where it is neither, InputUnsafe where it stands for too many values
 */
export function parseDocuments(text: string, name: string): Document[] {
  try {
    const documents = (jsonTexts(text) ?? [text]).flatMap(readYaml);
    for (const { value } of documents) assertBounded(value, name);
    return documents;
  } catch (cause) {
    if (cause instanceof DdrError) throw cause;
    if (!(cause instanceof YAMLException)) throw new DdrError('InputForeign', 'is not YAML', { where: name, cause });
    const { line, column } = cause.mark ?? { line: 0, column: 0 };
    const where = cause.mark === undefined ? name : `${name}, ${describePlace({ line: line + 1, column: column + 1 })}`;
    throw new DdrError('InputForeign', `is not YAML: ${cause.reason}`, { where, cause });
  }
}

/** The one value that a text is, read as kubectl would. @throws YAMLException, for several values too */
export function parseValue(text: string): unknown {
  const [value = null, ...others] = loadAll(text, { schema: kubernetesSchema });
  if (others.length > 0) throw new YAMLException('holds several documents');
  return value;
}

/** @throws DdrError InputUnsafe where a document stands for too many values, or for endlessly many */
function assertBounded(document: unknown, name: string): void {
  const waiting = [document];
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
