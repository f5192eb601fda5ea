import { setTimeout as wait } from 'node:timers/promises';
import type { ApiClient } from '../../src/operator/kube/apiClient.ts';
import type { KubeObject } from '../../src/operator/kube/client.ts';
import { endJob, resultOf } from '../helpers/endedJob.ts';

/** Asks ten times a second, for half a minute at most, until there is an answer. */
export async function until<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
  for (let i = 0; i < 300; i++) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await wait(100);
  }
  throw new Error(`${what}: not within 30 s`);
}

/** Ends a Job well, as the Job controller would, which is not there. */
export const finishJob = (client: ApiClient, job: KubeObject): Promise<void> => endJob(client, job, resultOf(job));
