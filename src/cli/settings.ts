import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { load } from 'js-yaml';
import { DdrError } from '../api/errors.ts';
import { parseRun, type Run } from '../api/run.ts';

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

function parseValue(text: string, option: string): unknown {
  try {
    return load(text);
  } catch (cause) {
    throw new DdrError('InvalidSpec', 'the value is not YAML', { where: `--set ${option}`, cause });
  }
}

/** Sets a field. An assignment to `__proto__` would set none, and go unnoticed. */
const define = (target: object, key: string, value: unknown) =>
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });

/**
 * The run with fields replaced by `--set spec.training.images=100`, checked anew.
 * @throws DdrError InvalidSpec
 */
export function withSettings(run: Run, options: readonly string[]): Run {
  if (options.length === 0) return run;
  const changed = structuredClone(run) as unknown as Record<string, unknown>;
  for (const option of options) {
    const [path, value] = pair(option, '--set');
    const keys = path.split('.');
    const last = keys.pop() as string;
    let target = changed;
    for (const key of keys) {
      // An optional block that was left out begins empty; whether it may be there is for the schema to say.
      const next = Object.hasOwn(target, key) && target[key] !== undefined ? target[key] : {};
      if (typeof next !== 'object' || next === null)
        throw new DdrError('InvalidSpec', `${key} has no fields`, { where: `--set ${option}` });
      define(target, key, next);
      target = next as Record<string, unknown>;
    }
    define(target, last, parseValue(value, option));
  }
  return parseRun(changed, '--set');
}
