import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { DdrError } from '../api/errors.ts';
import type { Run } from '../api/run.ts';
import { claimFolder } from '../local/localCluster.ts';

/**
 * Which folders a run has learned from. On a cluster a claim and a path name the data; here `--volume` says what they mean,
 * and a model trained on one folder would be taken for one of another.
 */
const recordSchema = z.record(z.string(), z.string());

const fileOf = (home: string, { metadata }: Run) => join(home, `${metadata.name}.data.json`);

function readRecord(file: string): z.output<typeof recordSchema> {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return {}; // a first run, or a record that was damaged: nothing is known
  }
}

function dataOf({ spec }: Run, volumes: ReadonlyMap<string, string>, home: string): { name: string; folder: string } {
  const { claimName, path } = spec.dataset.source.volume;
  return { name: join(claimName, path), folder: realpathSync(join(claimFolder(home, volumes, claimName), path)) };
}

/** @throws DdrError InputMismatch where models of this home have learned from another folder under the same name */
export function requireSameData(run: Run, volumes: ReadonlyMap<string, string>, home: string): void {
  const { name, folder } = dataOf(run, volumes, home);
  const file = fileOf(home, run);
  const known = readRecord(file)[name];
  if (known === undefined || known === folder) return;
  throw new DdrError('InputMismatch', `models of this home have learned from ${known}, which was ${name} then`, {
    where: folder,
    hint: `Take another --home for other data. If the same data have moved, delete ${file}.`,
  });
}

/** Notes where the data of a run are, for {@link requireSameData} of later runs. */
export function recordData(run: Run, volumes: ReadonlyMap<string, string>, home: string): void {
  const { name, folder } = dataOf(run, volumes, home);
  const file = fileOf(home, run);
  mkdirSync(home, { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...readRecord(file), [name]: folder })}\n`);
}
