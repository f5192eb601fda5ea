import type { Run } from '../../api/run.ts';
import type { KubeObject } from '../kube/client.ts';
import { buildClaim } from './claim.ts';
import type { Data } from './identity.ts';
import { buildJob } from './job.ts';
import { missingModelClaims } from './modelClaims.ts';
import type { Settings } from './pod.ts';
import { wantedOf } from './wanted.ts';

/**
 * Every child that a run has in its life, whatever is there: what `ddr render` shows.
 * @param data that names and tasks follow from; {@link unreadData} where nobody has read them yet
 */
export function allChildren(run: Run, data: Data, settings: Settings): KubeObject[] {
  const claim = buildClaim(run);
  const { jobs } = wantedOf(run, data);
  return [
    ...(claim === undefined ? [] : [claim]),
    ...missingModelClaims(run, jobs, new Map()),
    ...jobs.map((job) => buildJob(run, job, settings)),
  ];
}
