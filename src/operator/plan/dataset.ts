import { compact } from '../../api/compact.ts';
import type { Run } from '../../api/run.ts';
import type { RunStatus } from '../../api/status.ts';
import { childNames, prepareAddress } from './identity.ts';
import type { ObservedJob } from './observed.ts';
import { messageDueIn, type PodsByJob, podsOf, resultOf } from './pods.ts';

/**
 * The data of the spec as prepare found them; undefined until it has said so. What the status has stays as long as the spec
 * asks for the same preparation, because its pod goes.
 */
export function datasetOf({ metadata, spec, status }: Run, pods: PodsByJob): RunStatus['dataset'] {
  const preparedBy = prepareAddress(spec);
  const before = status?.dataset;
  if (before?.preparedBy === preparedBy) return before;
  const said = resultOf(pods, childNames(metadata.name).step('prepare', preparedBy), 'prepare');
  if (said === undefined) return undefined;
  const {
    dataset: path,
    sha256: digest,
    count,
    leftOut,
    broken,
    notices,
    reference,
    weights,
    prompts,
    codec,
    warmStart,
    previous,
  } = said;
  const other = before?.digest === digest ? undefined : before?.digest;
  return compact({
    preparedBy,
    path,
    digest,
    previousDigest: previous ?? other,
    count,
    leftOut,
    broken,
    notices: notices.length === 0 ? undefined : notices,
    referenceDigest: reference,
    weightsDigest: weights,
    promptsDigest: prompts,
    codecDigest: codec,
    warmStartDigest: warmStart,
  });
}

/**
 * Whether a prepare Job succeeded, and its pod, which is still there, has not said what it found: its image is no trainer, or one
 * of another version. Only the message of a pod that has gone can be asked for again.
 */
export function isSilent(job: ObservedJob | undefined, pods: PodsByJob, now: Date): boolean {
  if (job?.finished !== 'Complete' || podsOf(pods, job.name).length === 0) return false;
  return (messageDueIn(job, now) ?? 0) < 0;
}
