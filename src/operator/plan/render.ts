import { components } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import type { KubeObject } from '../kube/cluster.ts';
import { buildClaim } from './claim.ts';
import { addressesOf, type Data, modelPlans } from './identity.ts';
import { buildJob } from './job.ts';
import type { Settings } from './pod.ts';
import { steps } from './steps.ts';

/**
 * Every child that a run has in its life, whatever is there: what `ddr render` shows.
 * @param data that names and tasks follow from; {@link unreadData} where nobody has read them yet
 */
export function allChildren(run: Run, data: Data, settings: Settings): KubeObject[] {
  const claim = buildClaim(run);
  const models = modelPlans(run.spec);
  const addresses = addressesOf(run.spec, models, data);
  const jobs = components.flatMap((step) => steps[step].jobs(run, models, addresses));
  return [...(claim === undefined ? [] : [claim]), ...jobs.map((job) => buildJob(run, job, settings))];
}
