import { globSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { dirname } from 'node:path/posix';
import { DdrError } from '../../api/errors.ts';
import { reportFiles, runDirectory, runLayout } from '../../api/layout.ts';
import type { RunStatus } from '../../api/status.ts';
import { createPosixStore } from '../../trainer/artifacts/posixStore.ts';
import type { StoreReader } from '../../trainer/artifacts/store.ts';

/** A folder of the store, with the digest of its record where that is known. */
export interface Result {
  path: string;
  digest?: string | undefined;
}

/** What there is of a run, and where. */
export interface Results {
  store: StoreReader;
  bundle: Result | undefined;
  report: Result | undefined;
  /** How far the run is, for who asks too early. */
  state: string;
  /** What reading it needed is taken away. */
  close(): Promise<void>;
}

/** How far a run is, as a sentence's end. */
export function stateOf({ phase = 'Pending', models, reason }: RunStatus): string {
  const trained = models === undefined ? '' : `, ${models.summary} models are trained`;
  return `it is ${phase}${reason === undefined ? '' : ` (${reason})`}${trained}`;
}

/**
 * What `ddr run` has left below a folder: its home, or one that stands for a claim. The newest report counts.
 * @throws DdrError InputMissing where there is no report of this run
 */
export function resultsInFolder(folder: string, run: string): Results {
  const pattern = `${runLayout(runDirectory(run)).report('*')}/${reportFiles.record}`;
  const [newest] = globSync([pattern, `**/${pattern}`], { cwd: folder })
    .filter((path) => !path.includes('.partial-'))
    .map((path) => ({ path, time: statSync(join(folder, path)).mtimeMs }))
    .sort((a, b) => b.time - a.time);
  if (newest === undefined)
    throw new DdrError('InputMissing', `there is no report of run ${run}`, {
      where: folder,
      hint: 'A run writes one when it is complete; --from names the home of `ddr run`, or a folder that stands for its claim.',
    });
  const at = newest.path.lastIndexOf(`${runDirectory(run)}/`);
  const path = newest.path.slice(at, -reportFiles.record.length - 1);
  const store = createPosixStore(resolve(folder, newest.path.slice(0, at)));
  return { store, bundle: undefined, report: { path }, state: 'it has one', close: async () => {} };
}

/**
 * What a run has left in a store that tells no times.
 * @throws DdrError InputMissing where there is no report of this run, InvalidSpec where there are several
 */
export async function resultsInStore(store: StoreReader, run: string): Promise<Results> {
  const folder = dirname(runLayout(runDirectory(run)).report('any'));
  const reports = (await store.list(folder)).filter((name) => /^[0-9a-f]{16}$/.test(name));
  const [only] = reports;
  const where = store.describe(folder);
  if (only === undefined) throw new DdrError('InputMissing', `there is no report of run ${run}`, { where });
  if (reports.length > 1)
    throw new DdrError('InvalidSpec', `there are ${reports.length} reports: ${reports.join(', ')}`, {
      where,
      hint: 'Fetch it from its cluster, whose status tells which one counts.',
    });
  return {
    store,
    bundle: undefined,
    report: { path: `${folder}/${only}` },
    state: 'it has one',
    close: async () => {},
  };
}
