import type { V1Volume } from '@kubernetes/client-node';
import type { Run } from '../../api/run.ts';
import { cacheSize, type Dataset, fetchSize } from '../../api/spec/dataset.ts';
import type { Task } from '../../api/task.ts';
import { ownClaimOf } from './claim.ts';
import { childNames } from './identity.ts';
import { type Mount, mountsOf, streamOf } from './steps.ts';

/** A volume of a pod, where it is mounted, and the variable that says so. */
export interface PodVolume {
  volume: V1Volume;
  path: string;
  variable: string | undefined;
}

/** Name of the claim that a run writes to: its own, or one that is there; undefined where it writes to an object store. */
export const runClaim = ({ metadata, spec: { checkpoints } }: Run): string | undefined =>
  checkpoints.volume && (checkpoints.volume.shared?.claimName ?? childNames(metadata.name).claim);

/** The claims that a run reads; undefined for what it has none of. */
const claimsOf = ({ spec: { dataset, evaluation, codec, training } }: Run): Record<Mount, string | undefined> => ({
  data: dataset.source.volume?.claimName,
  reference: evaluation?.reference.file?.volume.claimName,
  weights: evaluation?.extractor.weights?.volume.claimName,
  codec: codec.weights?.volume.claimName,
  warmstart: training.warmStart?.volume.claimName,
});

function claim(name: 'run' | Mount | `model-${number}`, claimName: string): PodVolume {
  const source = { claimName, ...(name !== 'run' && { readOnly: true }) };
  return {
    volume: { name, persistentVolumeClaim: source },
    path: `/volumes/${name}`,
    variable: `DDR_${name.toUpperCase().replace('-', '_')}_DIR`,
  };
}

/** The claims of models that a task collects. */
function modelsOf({ metadata }: Run, task: Task): PodVolume[] {
  if (task.kind !== 'collect') return [];
  const names = childNames(metadata.name);
  return task.models
    .filter(({ mounted }) => mounted)
    .map(({ index, hash }) => claim(`model-${index}`, names.modelClaim(index, hash)));
}

/** The data that a task prepares; undefined where it finds them prepared. */
function preparedBy(task: Task): Dataset | undefined {
  if (task.kind === 'prepare') return task.dataset;
  return task.kind === 'train' ? task.source?.dataset : undefined;
}

/** Room for what a pod keeps of the data that it streams, or fetches to prepare them. */
function cacheVolumes(task: Task): PodVolume[] {
  const [stream, prepared] = [streamOf(task), preparedBy(task)];
  const sizeLimit = (prepared && fetchSize(prepared)) ?? (stream && cacheSize(stream));
  if (sizeLimit === undefined) return [];
  return [
    { volume: { name: 'data-cache', emptyDir: { sizeLimit } }, path: '/volumes/cache', variable: 'DDR_CACHE_DIR' },
  ];
}

/**
 * Volumes of a task's pod: the run's or its model's own, to write to, where it has one; read-only what it reads besides; and
 * room for what it streams and for temporary files.
 */
export function volumesFor(run: Run, task: Task): PodVolume[] {
  const claims = claimsOf(run);
  const inputs = mountsOf(task).flatMap((name) => {
    const claimName = claims[name];
    return claimName === undefined ? [] : [claim(name, claimName)];
  });
  const own = ownClaimOf(run, task) ?? runClaim(run);
  return [
    ...(own === undefined ? [] : [claim('run', own)]),
    ...inputs,
    ...modelsOf(run, task),
    ...cacheVolumes(task),
    { volume: { name: 'tmp', emptyDir: { sizeLimit: '2Gi' } }, path: '/tmp', variable: undefined },
  ];
}
