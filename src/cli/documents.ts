import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import type { z } from 'zod';
import { DdrError } from '../api/errors.ts';
import { group, kind } from '../api/names.ts';
import { isObject, type Json } from '../api/objects.ts';
import { describeIssues, describePath, type Run, runSchema } from '../api/run.ts';
import { objectMetaProblems } from '../api/spec/podTypes.ts';
import { podProblems } from '../operator/plan/podProblems.ts';
import type { Positions } from './positions.ts';
import { type Document, describePlace, parseDocuments } from './yaml.ts';

const largestFile = 4 * 2 ** 20;
/** What stands for a name that is not generated yet: as many characters as Kubernetes adds. */
const suffixLength = 5;

/** What a file holds: its runs, what is wrong with those that cannot be read, and what may surprise their author. */
export interface RunFile {
  runs: Run[];
  problems: DdrError[];
  warnings: string[];
}

/** An object of a file: a document, or an item of a list that a document is. */
interface Item {
  value: unknown;
  /** Its place in the document, which {@link Positions} needs. */
  path: (string | number)[];
  where: string;
  positions: Positions;
}

/**
 * Reads the runs of a file of YAML or JSON, as kubectl would; objects of other kinds are passed over.
 * @param file `-` for standard input
 * @throws DdrError InputMissing, InputForeign, InputUnsafe where the file as a whole cannot be read, or holds no run
 */
export function readRuns(file: string): RunFile {
  const name = file === '-' ? 'standard input' : file;
  return parseRuns(bytesOf(file, name), name);
}

/**
 * The runs of a file's bytes.
 * @param name of the file, for messages
 * @throws DdrError InputForeign, InputUnsafe
 */
export function parseRuns(bytes: Uint8Array, name: string): RunFile {
  const documents = parseDocuments(textOf(bytes, name), name);
  const items = documents.flatMap((document, i) => itemsOf(document, `${name}, document ${i + 1}`));
  if (!items.some(({ value }) => isOurs(value)))
    throw new DdrError('InputForeign', `holds no ${kind}`, { where: name });
  const result: RunFile = { runs: [], problems: [], warnings: [] };
  for (const item of items) {
    const { run, problems } = isOurs(item.value)
      ? readItem(item)
      : { run: undefined, problems: namelessProblems(item) };
    if (run !== undefined) result.runs.push(run);
    result.problems.push(...problems);
  }
  for (const { positions } of documents) {
    for (const { key, place } of positions.repeated)
      result.warnings.push(
        `${name}, ${describePlace(place)}: ${key} is written twice; the last one counts, as for kubectl`,
      );
  }
  return result;
}

/**
 * The one run of a file.
 * @throws DdrError as {@link readRuns}, InvalidSpec for the first thing that is wrong with it, InputForeign for several runs
 */
export function readRun(file: string): Run {
  const {
    runs: [run, ...others],
    problems: [problem],
  } = readRuns(file);
  if (problem !== undefined) throw problem;
  if (run === undefined || others.length > 0) {
    throw new DdrError('InputForeign', `holds ${others.length + 1} runs; this command takes one`, { where: file });
  }
  return run;
}

/**
 * A run that asks for a generated name is called after what it says: the same run goes on under the same name, another has
 * another. On a cluster every `kubectl create` makes a new one.
 */
export function withGeneratedName(run: Run): Run {
  const { generateName } = run.metadata;
  if (generateName === undefined) return run;
  const digest = createHash('sha256').update(JSON.stringify(run.spec)).digest('hex');
  return { ...run, metadata: { ...run.metadata, name: `${generateName}${digest.slice(0, suffixLength)}` } };
}

/** What kubectl refuses a file for although it is none of ours: a document that does not say what it is. */
function namelessProblems(item: Item): DdrError[] {
  const { value, path } = item;
  if (value === undefined || (value === null && path.length === 0)) return [];
  if (!isObject(value)) return [problemAt(item, [], 'is no object: kubectl refuses a file that holds anything else')];
  const missing = ['apiVersion', 'kind'].filter((field) => typeof value[field] !== 'string' || value[field] === '');
  return missing.map((field) =>
    problemAt(item, [], `${field}: is required; kubectl refuses a file with an object that has none`),
  );
}

/** The objects of a document: the items of a List, or of a list of runs, which need not repeat their kind. */
function itemsOf({ value, positions }: Document, where: string): Item[] {
  if (!isObject(value) || !Array.isArray(value.items)) return [{ value, path: [], where, positions }];
  const ofRuns = value.kind === `${kind}List`;
  if (!ofRuns && value.kind !== 'List') return [];
  return value.items.map((item: unknown, i) => ({
    value: ofRuns && isObject(item) ? { apiVersion: value.apiVersion, kind, ...item } : item,
    path: ['items', i],
    where: `${where}, item ${i + 1}`,
    positions,
  }));
}

/** Whether an object is meant as a run: by its kind, or by its group where the kind is missing or misspelt. */
const isOurs = (value: unknown): value is Json =>
  isObject(value) && (value.kind === kind || String(value.apiVersion).startsWith(`${group}/`));

/** An object with a name in place of the one that is generated for it. */
function withPlaceholder(value: Json): { value: Json; generates: boolean } {
  const { metadata, status: _, ...rest } = value; // an API server takes no status from who creates an object
  const { name, generateName } = isObject(metadata) ? metadata : {};
  const named = name !== undefined && name !== null && name !== '';
  const generates = !named && typeof generateName === 'string' && generateName !== '';
  if (generates)
    return {
      value: { ...rest, metadata: { ...(metadata as Json), name: `${generateName}${'0'.repeat(suffixLength)}` } },
      generates,
    };
  if (!isObject(metadata) || generateName === undefined) return { value: { ...rest, metadata }, generates };
  const { generateName: __, ...kept } = metadata;
  return { value: { ...rest, metadata: kept }, generates };
}

function readItem(item: Item): { run?: Run; problems: DdrError[] } {
  const { value, generates } = withPlaceholder(item.value as Json);
  const parsed = runSchema.safeParse(value);
  // Unknown fields of metadata are those that a newer server writes; who creates an object knows better.
  const metadata = objectMetaProblems(value.metadata).map(({ path, message }) =>
    problemAt(item, ['metadata', ...path], `metadata.${path.join('.')}: ${message}`),
  );
  if (!parsed.success) {
    const found = problemsOf(parsed.error, item, generates);
    const isKnown = ({ where }: DdrError) => found.some((other) => other.where === where);
    return { problems: [...metadata.filter((problem) => !isKnown(problem)), ...found] };
  }
  const pods = podProblems(parsed.data).map(({ path, message }) =>
    problemAt(item, path, `${describePath(path)}: ${message}`),
  );
  if (metadata.length + pods.length > 0) return { problems: [...metadata, ...pods] };
  return { run: generates ? withGeneratedName(parsed.data) : parsed.data, problems: [] };
}

/** An error with the place of the field that it is about. */
function problemAt({ where, path, positions }: Item, field: readonly (string | number)[], text: string): DdrError {
  return new DdrError('InvalidSpec', text, {
    where: `${where}, ${describePlace(positions.placeOf([...path, ...field]))}`,
  });
}

/** An error per wrong field. */
function problemsOf(error: z.ZodError, item: Item, generates: boolean): DdrError[] {
  const texts = describeIssues(error);
  return error.issues.map((issue, i) => {
    const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
    const text = texts[i] ?? issue.message;
    if (!generates || path.join('.') !== 'metadata.name') return problemAt(item, [...path, ...unknown], text);
    const about = `with the ${suffixLength} characters that are added, the name ${issue.message}`;
    return problemAt(item, ['metadata', 'generateName'], `metadata.generateName: ${about}`);
  });
}

/** A file, one byte more than it may have at most: what pipes and devices hold has no size, and may have no end. */
function readBounded(file: string): Buffer {
  const descriptor = file === '-' ? 0 : openSync(file, 'r');
  const bytes = Buffer.alloc(largestFile + 1);
  let length = 0;
  try {
    for (let count = 1; count > 0 && length < bytes.length; length += count)
      count = readSync(descriptor, bytes, length, bytes.length - length, null);
  } finally {
    if (file !== '-') closeSync(descriptor);
  }
  return bytes.subarray(0, length);
}

function bytesOf(file: string, name: string): Buffer {
  try {
    return readBounded(file);
  } catch (cause) {
    throw new DdrError('InputMissing', `cannot be read: ${reasonOf(cause)}`, { where: name, cause });
  }
}

function textOf(bytes: Uint8Array, name: string): string {
  if (bytes.length > largestFile)
    throw new DdrError('InputUnsafe', `is larger than ${largestFile} bytes`, { where: name });
  try {
    return new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DdrError('InputForeign', 'is not text in UTF-8; save it as UTF-8', { where: name, cause });
  }
}

/** UTF-16 is told by the mark with which Windows begins it: `kubectl get … > file` in PowerShell writes it. */
function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
}

/** Of an error such as "ENOENT: no such file or directory, stat 'x'": what is between the code and the call. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /: (.*), /.exec(message)?.[1] ?? message;
}
