import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DdrError } from '../../api/errors.ts';
import { reportFiles, shardName } from '../../api/layout.ts';
import { bundleContents, type Contents, reportContents, shardContents } from '../../trainer/artifacts/contents.ts';
import type { Report } from '../../trainer/artifacts/report.ts';
import type { StoreReader } from '../../trainer/artifacts/store.ts';
import { sha256 } from '../../trainer/formats/digest.ts';
import { counted } from '../display.ts';
import { download } from './download.ts';
import type { Reporter } from './reporter.ts';
import type { Result, Results } from './results.ts';

/** What can be fetched of a run. */
export const kinds = ['report', 'samples', 'bundle'] as const;
export type Kind = (typeof kinds)[number];

/** A folder of the store on its way to one of this machine. */
interface Folder extends Contents {
  key: string;
  path: string;
}

/** Files that are fetched at once: each of a claim's is read by commands of its own, which take their time to start. */
const atOnce = 4;

/** Does something for each of a list, a few at once; the first failure stops the rest. */
async function forEach<T>(list: readonly T[], work: (each: T) => Promise<void>): Promise<void> {
  const rest = [...list];
  let failed = false;
  const worker = async () => {
    for (let next = rest.shift(); next !== undefined && !failed; next = rest.shift())
      await work(next).catch((error: unknown) => {
        failed = true;
        throw error;
      });
  };
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

function madeOf(what: Kind, result: Result | undefined, { state }: Results): Result {
  if (result !== undefined) return result;
  throw new DdrError('NotComplete', `the run has no ${what} yet: ${state}`, {
    hint: '`kubectl get ddr --watch` shows when it is complete.',
  });
}

/** Report of a run, checked. @throws DdrError NotComplete, InputMissing, DigestMismatch */
async function reportFolder(kind: Kind, results: Results, path: string): Promise<Folder & { report: Report }> {
  const { path: key, digest } = madeOf(kind, results.report, results);
  return { key, path, ...(await reportContents({ store: results.store, key }, digest)) };
}

/** Where the bundle is, by the status or by the report. @throws DdrError NotComplete, InputMissing, DigestMismatch */
export const bundleOf = async (results: Results): Promise<Result> =>
  results.bundle ?? (await reportFolder('bundle', results, '')).report.bundle;

async function shardFolders(store: StoreReader, { samples, sampling }: Report, path: string): Promise<Folder[]> {
  if (samples === undefined) throw new DdrError('InputForeign', 'the report does not tell where its samples are');
  const names = Array.from({ length: sampling.shards }, (_, index) => shardName(index));
  const folders = new Map<string, Folder>();
  await forEach(names, async (name) => {
    const key = `${samples.path}/${name}`;
    folders.set(name, { key, path: join(path, name), ...(await shardContents({ store, key })) });
  });
  return names.flatMap((name) => folders.get(name) ?? []);
}

/**
 * The folders of one kind, with what is in them, each checked by the digest that is known of it.
 * @throws DdrError NotComplete, InputMissing, DigestMismatch
 */
async function foldersOf(kind: Kind, results: Results, to: string): Promise<Folder[]> {
  const { store } = results;
  const path = join(to, kind);
  switch (kind) {
    case 'report':
      return [await reportFolder(kind, results, path)];
    case 'samples':
      return shardFolders(store, (await reportFolder(kind, results, path)).report, path);
    case 'bundle': {
      const { path: key, digest } = await bundleOf(results);
      return [{ key, path, ...(await bundleContents({ store, key }, digest)) }];
    }
  }
}

/** A record that tells of other files goes before they come: where one is, all that it tells of is there. */
async function removeOther({ path, record }: Folder): Promise<void> {
  const file = join(path, record.name);
  const there = await readFile(file).catch(() => undefined);
  if (there !== undefined && !there.equals(record.bytes)) await rm(file);
}

async function writeRecord({ path, record }: Folder): Promise<void> {
  const file = join(path, record.name);
  await mkdir(path, { recursive: true });
  await writeFile(`${file}.part`, record.bytes);
  await rename(`${file}.part`, file);
}

const titles = { report: 'Report: ', samples: 'Samples:', bundle: 'Bundle: ' } as const satisfies Record<Kind, string>;

/** What is said of a kind in the end. */
function linesOf(kind: Kind, folders: readonly Folder[], to: string): string[] {
  const path = join(to, kind);
  const [first] = folders;
  if (kind === 'report') return [`${titles.report} ${join(path, reportFiles.page)}`];
  if (kind === 'samples') return [`${titles.samples} ${path}, ${counted(folders.length, 'shard')}`];
  return [`${titles.bundle} ${path}`, `         sha256 ${sha256(first?.record.bytes ?? '')}`];
}

/**
 * Fetches results into folders `report`, `samples` and `bundle` of a folder. What is there as it should be is not fetched again,
 * what is there in part is completed, and every file is checked by the digest that was recorded of it.
 * @throws DdrError NotComplete, InputMissing, DigestMismatch, DiskFull, and what the store throws
 */
export async function fetchResults(
  results: Results,
  wanted: readonly Kind[],
  to: string,
  reporter: Reporter,
): Promise<void> {
  const { store } = results;
  const byKind = new Map<Kind, Folder[]>();
  for (const kind of wanted) byKind.set(kind, await foldersOf(kind, results, to));
  const folders = [...byKind.values()].flat();
  const files = folders.flatMap(({ key, path, files: own }) =>
    own.map(({ name, ...record }) => ({ key: `${key}/${name}`, path: join(path, name), record })),
  );
  const bytesTotal = files.reduce((sum, { record }) => sum + record.bytes, 0);
  const what = wanted.join(', ');
  let bytes = 0;
  for (const folder of folders) await removeOther(folder);
  reporter.show({ what, bytes, bytesTotal });
  await forEach(files, (file) =>
    download(store, file, (more) => {
      bytes += more;
      reporter.show({ what, bytes, bytesTotal });
    }),
  );
  for (const folder of folders) await writeRecord(folder);
  const lines = [...byKind].flatMap(([kind, own]) => linesOf(kind, own, to));
  const digests = [...byKind].map(([kind, own]) => [
    kind,
    { path: join(to, kind), digests: own.map(({ record }) => sha256(record.bytes)) },
  ]);
  reporter.end(lines, { files: files.length, bytes: bytesTotal, ...Object.fromEntries(digests) });
}
