import type { Run } from '../../api/run.ts';
import type { RunStatus } from '../../api/status.ts';
import type { KubeObject } from '../kube/client.ts';
import { isBundled } from './bundled.ts';
import { isDone, type WantedJob } from './child.ts';
import type { Children } from './children.ts';
import { buildModelClaim, ownClaimOf } from './claim.ts';
import { childNames } from './identity.ts';
import type { ObservedClaim } from './observed.ts';

/** The claims of Jobs that are at work or about to be made, where they are not there yet, or any more. */
export function missingModelClaims(
  run: Run,
  jobs: readonly WantedJob[],
  there: ReadonlyMap<string, ObservedClaim>,
): KubeObject[] {
  return jobs.flatMap((job) => {
    const { task } = job;
    const name = ownClaimOf(run, task);
    if (name === undefined || there.has(name) || task.kind !== 'train') return [];
    return buildModelClaim(run, task) ?? [];
  });
}

/** A Job that mounts claims of models, with those that are there now: what another wave has collected may have none any more. */
export function withMounts({ metadata }: Run, job: WantedJob, there: ReadonlyMap<string, ObservedClaim>): WantedJob {
  const { task } = job;
  if (task.kind !== 'collect') return job;
  const names = childNames(metadata.name);
  const models = task.models.map((model) => {
    const claim = there.get(names.modelClaim(model.index, model.hash));
    return { ...model, mounted: claim !== undefined && !claim.deleting };
  });
  return { ...job, task: { ...task, models } };
}

/** Claims of models that nothing needs any more and that are not to be kept. */
export function unneededClaims(
  run: Run,
  { of, addresses }: Children,
  bundle: RunStatus['bundle'],
  claims: Iterable<ObservedClaim>,
): ObservedClaim[] {
  if (run.spec.checkpoints.volume?.perModel?.whenBundled !== 'Delete') return [];
  if (addresses === undefined || !isDone(of.aggregate) || !isBundled(run, bundle, addresses)) return [];
  return [...claims].filter(({ ofModel, deleting }) => ofModel && !deleting);
}
