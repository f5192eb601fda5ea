import { statSync } from 'node:fs';
import { z } from 'zod';
import { parseVariables } from '../api/environment.ts';
import { DdrError } from '../api/errors.ts';
import { apiVersion, kind, retryAnnotation, runNamePattern } from '../api/names.ts';
import { ApiClient } from '../operator/kube/apiClient.ts';
import type { Client } from '../operator/kube/client.ts';
import { systemClock } from '../operator/kube/clock.ts';
import { proxyVariables } from '../operator/kube/proxy.ts';
import { types } from '../operator/types.ts';
import { readRun } from './documents.ts';

const phaseSchema = z.object({ phase: z.string().default('Pending') }).catch({ phase: 'Pending' });

/** The run that is meant: by its name, or by the file that describes it. A folder may have the run's name: `ddr fetch` makes one. */
export function nameOf(target: string, namespace: string | undefined): { name: string; namespace: string | undefined } {
  const isFile = statSync(target, { throwIfNoEntry: false })?.isDirectory() === false;
  if (new RegExp(runNamePattern).test(target) && !isFile) return { name: target, namespace };
  const { metadata } = readRun(target);
  return { name: metadata.name, namespace: namespace ?? metadata.namespace };
}

/**
 * Asks the operator to try anew what has failed of a run; all that is good is kept.
 * @param now milliseconds since 1970
 * @returns what was done, as a sentence
 * @throws DdrError InputMissing where there is no such run
 */
export async function requestRetry(
  client: Pick<Client, 'get' | 'apply'>,
  namespace: string,
  name: string,
  now: number,
): Promise<string> {
  const found = await client.get(types.run, namespace, name);
  if (found === undefined)
    throw new DdrError('InputMissing', 'there is no such run', { where: `${namespace}/${name}` });
  // Of this uid: an apply without it would create a run where the other has just been deleted.
  const metadata = {
    namespace,
    name,
    uid: found.metadata.uid,
    annotations: { [retryAnnotation]: new Date(now).toISOString() },
  };
  await client.apply(types.run, { apiVersion, kind, metadata }, { fieldManager: 'ddr-retry' });
  const { phase } = phaseSchema.parse(found.status ?? {});
  return `${namespace}/${name} was ${phase}; what has failed of it is tried again.`;
}

/** `ddr retry` against the cluster that KUBECONFIG names. @returns what was done */
export async function retry(target: string, namespace: string | undefined): Promise<string> {
  const proxies = parseVariables(z.object(proxyVariables), process.env, 'InvalidSpec', 'environment');
  const { name, namespace: wanted } = nameOf(target, namespace);
  const client = ApiClient.fromEnvironment(systemClock, proxies);
  try {
    return await requestRetry(client, wanted ?? client.namespace, name, Date.now());
  } finally {
    await client.close();
  }
}
