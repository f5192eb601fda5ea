import { DdrError } from '../../api/errors.ts';
import { Interruption } from '../interruption.ts';
import { nameOf } from '../retry.ts';
import { bucketAt, isBucketUrl, readBucket } from './bucket.ts';
import { clusterClient, resultsOnCluster } from './cluster.ts';
import { fetchResults, type Kind } from './fetch.ts';
import type { Reporter } from './reporter.ts';
import { type Results, resultsInFolder, resultsInStore } from './results.ts';

/** Exit code of what a signal has stopped. */
const interrupted = 130;

/**
 * Does something that a signal may stop, and then takes away what it has made.
 * @param isOrphan whether the process that started this one is gone
 * @returns exit code: 0, or 130 where it was stopped
 */
export async function untilStopped(
  reporter: Reporter,
  isOrphan: () => boolean,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<number> {
  const stop = new AbortController();
  const interruption = new Interruption({
    source: process,
    now: () => performance.now(),
    isOrphan,
    onFirst: () => stop.abort(new DdrError('Interrupted', 'a signal came')),
  });
  try {
    await work(stop.signal);
    return 0;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    reporter.note('Stopped; the same command goes on.');
    return interrupted;
  } finally {
    interruption.end();
  }
}

export interface WhereOptions {
  namespace: string | undefined;
  image: string | undefined;
  signal: AbortSignal;
  reporter: Reporter;
}

/** Uses the results of a run on the cluster that KUBECONFIG names, and takes away what reading them needed. */
export async function withClusterResults<T>(
  name: string,
  { namespace, image, signal, reporter }: WhereOptions,
  use: (results: Results) => Promise<T>,
): Promise<T> {
  const client = clusterClient();
  try {
    const note = (text: string) => reporter.note(text);
    const results = await resultsOnCluster(client, { name, namespace, image, signal, note });
    try {
      return await use(results);
    } finally {
      await results.close();
    }
  } finally {
    await client.close();
  }
}

export interface FetchOptions {
  /** Name of the run, or a file with it. */
  target: string;
  kinds: readonly Kind[];
  namespace: string | undefined;
  /** Folder; one of the run's name where left out. */
  to: string | undefined;
  /** Home of `ddr run`, a folder that stands for a claim, or s3://bucket/prefix; the cluster where left out. */
  from: string | undefined;
  image: string | undefined;
  reporter: Reporter;
  isOrphan: () => boolean;
}

/** Results outside a cluster. */
const resultsFrom = async (from: string, name: string): Promise<Results> =>
  isBucketUrl(from) ? resultsInStore(await readBucket(bucketAt(from, process.env)), name) : resultsInFolder(from, name);

/** `ddr fetch`. @returns exit code @throws DdrError as {@link resultsOnCluster} and {@link fetchResults} */
export function fetchRun({ target, kinds, to, from, reporter, isOrphan, ...options }: FetchOptions): Promise<number> {
  const { name, namespace } = nameOf(target, options.namespace);
  const into = (results: Results) => fetchResults(results, kinds, to ?? name, reporter);
  return untilStopped(reporter, isOrphan, async (signal) =>
    from !== undefined
      ? into(await resultsFrom(from, name))
      : withClusterResults(name, { namespace, image: options.image, signal, reporter }, into),
  );
}
