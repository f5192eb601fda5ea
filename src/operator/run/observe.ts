import type { Progress } from '../../api/progress.ts';
import type { ObjectMeta } from '../kube/client.ts';
import type { Store } from '../kube/store.ts';
import { isClaimOf, observeClaim } from '../plan/claim.ts';
import { type Observed, observeJob, observePod } from '../plan/observed.ts';

/** What is known of the cluster. */
export interface Stores {
  jobs: Store;
  pods: Store;
  claims: Store;
}

/** What there is of the children of a run. @param progress last answers of running pods, by name */
export function observe(
  { jobs, pods, claims }: Stores,
  progress: ReadonlyMap<string, Progress>,
  { name, namespace, uid = '' }: ObjectMeta,
): Observed {
  const own = jobs.ownedBy(uid);
  return {
    jobs: own.map(observeJob),
    pods: own.flatMap((job) => pods.ownedBy(job.metadata.uid ?? '')).map(observePod),
    // By label and not by owner: those that are to outlive the run have none.
    claims: claims
      .labelled(`${namespace}/${name}`)
      .filter((claim) => isClaimOf(claim, name, uid))
      .map(observeClaim),
    progress,
  };
}
