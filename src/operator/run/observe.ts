import type { Progress } from '../../api/progress.ts';
import type { Store } from '../kube/store.ts';
import { type Observed, observeJob, observePod } from '../plan/observed.ts';

/** What is known of the cluster. */
export interface Stores {
  jobs: Store;
  pods: Store;
  claims: Store;
}

/** What there is of the children of a run, by its uid. @param progress last answers of running pods, by name */
export function observe(
  { jobs, pods, claims }: Stores,
  progress: ReadonlyMap<string, Progress>,
  uid: string,
): Observed {
  const own = jobs.ownedBy(uid);
  return {
    jobs: own.map(observeJob),
    pods: own.flatMap((job) => pods.ownedBy(job.metadata.uid ?? '')).map(observePod),
    claims: claims.ownedBy(uid).map(({ metadata }) => ({ name: metadata.name, uid: metadata.uid ?? '' })),
    progress,
  };
}
