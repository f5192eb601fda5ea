import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { parseVariables } from '../../api/environment.ts';
import { DdrError } from '../../api/errors.ts';
import { type Component, labels } from '../../api/names.ts';
import { parseRun, type Run } from '../../api/run.ts';
import { ApiClient } from '../../operator/kube/apiClient.ts';
import { ApiError } from '../../operator/kube/client.ts';
import { systemClock } from '../../operator/kube/clock.ts';
import { proxyVariables } from '../../operator/kube/proxy.ts';
import { runClaim } from '../../operator/plan/volumes.ts';
import { types } from '../../operator/types.ts';
import { asCaller, readBucket } from './bucket.ts';
import { createClaimStore } from './claimStore.ts';
import { Reader, type ReaderContext } from './reader.ts';
import { claimRoot, readerPod, templateOf } from './readerPod.ts';
import { type Results, stateOf } from './results.ts';
import { claimRules, requireRights } from './rights.ts';

export interface ClusterOptions {
  name: string;
  /** That of the kubeconfig's context where left out. */
  namespace: string | undefined;
  /** Image of the pod that reads a claim; that of the run's pods where left out. */
  image: string | undefined;
  signal: AbortSignal;
  note: (text: string) => void;
}

/** What reading a run needs of a client. */
export type FetchClient = ReaderContext['client'] & Pick<ApiClient, 'ask' | 'close' | 'namespace'>;

/** Steps whose pods run where the results are, the last one first. */
const lastSteps: Component[] = ['evaluate', 'aggregate'];

async function findRun(client: FetchClient, namespace: string, name: string): Promise<Run> {
  const found = await client.get(types.run, namespace, name);
  const where = `${namespace}/${name}`;
  if (found !== undefined) return parseRun(found, where);
  throw new DdrError('InputMissing', 'there is no such run', {
    where,
    hint: '-n names another namespace; `kubectl get ddr -A` lists all runs.',
  });
}

/** @throws DdrError ClaimMissing */
async function requireClaim(client: FetchClient, namespace: string, claimName: string): Promise<void> {
  const claim = await client.get(types.claim, namespace, claimName);
  if (claim !== undefined && claim.metadata.deletionTimestamp === undefined) return;
  throw new DdrError('ClaimMissing', 'the claim that holds the results is gone, or is being deleted', {
    where: `claim ${namespace}/${claimName}`,
    hint: 'With it the results are lost, unless its volume was retained: bind that to a claim of this name.',
  });
}

/** The pods of the run's last step, which is as its claim is mounted. */
async function templateFor(client: FetchClient, { metadata: { namespace, name } }: Run) {
  const labelSelector = `${labels.run}=${name},${labels.component} in (${lastSteps.join(',')})`;
  const { items } = await client.list(types.job, { namespace, labelSelector });
  const [job] = lastSteps.flatMap((step) =>
    items.filter(({ metadata }) => metadata.labels?.[labels.component] === step),
  );
  return job && templateOf(job);
}

/** Reads a claim through a pod that mounts it. */
async function claimOf(run: Run, claimName: string, client: FetchClient, options: ClusterOptions): Promise<Opened> {
  const { image, signal, note } = options;
  const { namespace } = run.metadata;
  await requireRights(client, namespace, claimRules);
  await requireClaim(client, namespace, claimName);
  const template = await templateFor(client, run);
  const podOf = () => readerPod({ run, claimName, template, image, suffix: randomBytes(4).toString('hex') });
  const reader = new Reader({ client, clock: systemClock, random: Math.random, signal, note }, podOf);
  return { store: createClaimStore(reader.run, claimRoot, claimName), close: () => reader.close() };
}

type Opened = Pick<Results, 'store' | 'close'>;

/** Opens where a run writes: its claim, or the bucket, which is asked directly with the caller's own credentials. */
async function storeOf(run: Run, client: FetchClient, options: ClusterOptions): Promise<Opened> {
  const { objectStore } = run.spec.checkpoints;
  if (objectStore !== undefined)
    return { store: await readBucket(asCaller(objectStore, process.env)), close: async () => {} };
  const claimName = runClaim(run);
  if (claimName === undefined) throw new Error('a run writes to a claim or to a bucket');
  return claimOf(run, claimName, client, options);
}

/** What the API server says, for people. */
function toClusterError(error: unknown): unknown {
  if (!(error instanceof ApiError)) return error;
  const code = error.status === 401 || error.status === 403 ? 'AccessDenied' : 'ClusterUnavailable';
  return new DdrError(code, `the API server answers: ${error.message}`, { cause: error });
}

/**
 * The results of a run on a cluster.
 * @throws DdrError InputMissing where there is no such run, AccessDenied, ClaimMissing, ClusterUnavailable
 */
export async function resultsOnCluster(client: FetchClient, options: ClusterOptions): Promise<Results> {
  const namespace = options.namespace ?? client.namespace;
  try {
    const run = await findRun(client, namespace, options.name);
    const { bundle, results, ...status } = run.status ?? {};
    return { ...(await storeOf(run, client, options)), bundle, report: results, state: stateOf(status) };
  } catch (error) {
    throw toClusterError(error);
  }
}

/** A client of the cluster that KUBECONFIG names. @throws DdrError InputMissing where it names none */
export function clusterClient(): ApiClient {
  const proxies = parseVariables(z.object(proxyVariables), process.env, 'InvalidSpec', 'environment');
  return ApiClient.fromEnvironment(systemClock, proxies);
}
