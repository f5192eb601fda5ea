import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DdrError } from '../api/errors.ts';
import { describePath, parseRun, type Run } from '../api/run.ts';
import { podProblems } from '../operator/plan/podProblems.ts';
import { withGeneratedName } from './documents.ts';
import { parseValue } from './yaml.ts';

/** Splits `name=value`. */
function pair(text: string, option: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new DdrError('InvalidSpec', `"${text}" is not of the form name=value`, { where: option });
  return [text.slice(0, at), text.slice(at + 1)];
}

/** Folders given for claims, by `--volume claim=folder`. */
export function parseVolumes(options: readonly string[]): Map<string, string> {
  const volumes = new Map<string, string>();
  for (const option of options) {
    const [claim, folder] = pair(option, '--volume');
    const where = `--volume ${option}`;
    const found = folder === '' ? undefined : statSync(folder, { throwIfNoEntry: false });
    if (found === undefined) throw new DdrError('InputMissing', 'the folder is not there', { where });
    if (!found.isDirectory()) throw new DdrError('InputForeign', 'is not a folder', { where });
    if (volumes.has(claim)) throw new DdrError('InvalidSpec', `claim ${claim} has a folder already`, { where });
    volumes.set(claim, resolve(folder));
  }
  return volumes;
}

/** Keys of maps and indices of lists on the way to a field. */
type FieldPath = (string | number)[];

/**
 * Reads `spec.overrides[0].states`; a backslash takes a dot or bracket into a name: `limits.nvidia\.com/gpu`.
 * @throws DdrError InvalidSpec
 */
function parsePath(text: string, where: string): FieldPath {
  const path: FieldPath = [];
  const pattern = /(?:^|\.)((?:\\.|[^.[\]\\])+)|\[([0-9]{1,4})\]/gy;
  let end = 0;
  for (const { 0: whole, 1: name, 2: index } of text.matchAll(pattern)) {
    path.push(name === undefined ? Number(index) : name.replaceAll(/\\(.)/g, '$1'));
    end += whole.length;
  }
  if (end < text.length || typeof path[0] !== 'string') {
    throw new DdrError('InvalidSpec', `"${text}" is not a path such as spec.overrides[0].states`, {
      where,
      hint: 'A dot inside a name is written \\., as in limits.nvidia\\.com/gpu.',
    });
  }
  return path;
}

function readValue(text: string, where: string): unknown {
  try {
    return parseValue(text);
  } catch (cause) {
    const reason = cause instanceof Error ? `: ${cause.message.split('\n')[0]}` : '';
    throw new DdrError('InvalidSpec', `the value is not YAML${reason}; text goes into quotes of its own`, {
      where,
      cause,
    });
  }
}

/** Sets a field. An assignment to `__proto__` would set none, and go unnoticed. */
const define = (target: object, key: string | number, value: unknown) =>
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });

/** Sets what is at a path. Blocks and lists that were left out begin empty; whether they may be there is for the schema to say. */
function setAt(target: unknown, [key, ...rest]: FieldPath, value: unknown, where: string): unknown {
  if (key === undefined) return value;
  const whole = target ?? (typeof key === 'number' ? [] : {});
  if (typeof whole !== 'object' || Array.isArray(whole) !== (typeof key === 'number')) {
    const what = typeof key === 'number' ? `entry [${key}]` : `field ${key}`;
    throw new DdrError('InvalidSpec', `there can be no ${what} here`, { where });
  }
  if (Array.isArray(whole) && Number(key) > whole.length) {
    throw new DdrError('InvalidSpec', `the list has ${whole.length} entries; the next one is [${whole.length}]`, {
      where,
    });
  }
  const before = Object.hasOwn(whole, key) ? (whole as Record<string | number, unknown>)[key] : undefined;
  return define(whole, key, setAt(before, rest, value, where));
}

/**
 * The run with fields replaced by `--set spec.training.images=100`, checked anew.
 * @throws DdrError InvalidSpec
 */
export function withSettings(run: Run, options: readonly string[]): Run {
  if (options.length === 0) return run;
  const changed = structuredClone(run);
  const settings = options.map((option) => {
    const where = `--set ${option}`;
    const [path, text] = pair(option, where);
    return { path: parsePath(path, where), value: readValue(text, where), where };
  });
  for (const { path, value, where } of settings) setAt(changed, path, value, where);
  const parsed = parseRun(changed, '--set');
  const [problem] = podProblems(parsed);
  if (problem !== undefined)
    throw new DdrError('InvalidSpec', `${describePath(problem.path)}: ${problem.message}`, { where: '--set' });
  return settings.some(({ path }) => path.join('.') === 'metadata.name') ? parsed : withGeneratedName(parsed);
}
