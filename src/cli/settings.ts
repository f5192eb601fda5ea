import { existsSync } from 'node:fs';
import { join } from 'node:path';
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
    if (!existsSync(folder))
      throw new DdrError('InputMissing', 'the folder is not there', { where: `--volume ${option}` });
    volumes.set(claim, folder);
  }
  return volumes;
}

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
    let target = changed;
    for (const key of keys.slice(0, -1)) {
      const next = target[key];
      if (typeof next !== 'object' || next === null)
        throw new DdrError('InvalidSpec', `there is no ${key}`, { where: `--set ${option}` });
      target = next as Record<string, unknown>;
    }
    target[keys.at(-1) as string] = load(value);
  }
  return parseRun(changed, '--set');
}

/** Claims that a run reads and that have to be there before it starts. */
function claimsOf({ spec }: Run): { what: string; claimName: string; path: string }[] {
  const { evaluation, dataset, checkpoints } = spec;
  const reference = evaluation?.reference.file?.volume;
  const weights = evaluation?.extractor.weights?.volume;
  const { claimName } = checkpoints.volume.shared;
  return [
    { what: 'spec.dataset', ...dataset.source.volume },
    ...(reference === undefined ? [] : [{ what: 'spec.evaluation.reference', ...reference }]),
    ...(weights === undefined ? [] : [{ what: 'spec.evaluation.extractor.weights', ...weights }]),
    ...(claimName === undefined ? [] : [{ what: 'spec.checkpoints', claimName, path: '' }]),
  ];
}

/**
 * Refuses a run whose inputs are not there, before a process is started.
 * @throws DdrError InputMissing
 */
export function requireInputs(run: Run, volumes: ReadonlyMap<string, string>, home: string): void {
  for (const { what, claimName, path } of claimsOf(run)) {
    const folder = volumes.get(claimName) ?? join(home, 'volumes', claimName);
    if (existsSync(join(folder, path))) continue;
    throw new DdrError('InputMissing', `${what} is not in the folder that stands for claim ${claimName}`, {
      where: join(folder, path),
      hint: `Give the folder with --volume ${claimName}=FOLDER.`,
    });
  }
}
