import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DdrError } from '../api/errors.ts';
import type { Run } from '../api/run.ts';
import { claimFolder } from '../local/localCluster.ts';
import { parsePodSpec, pathMapping } from '../local/podSpec.ts';
import { unreadData } from '../operator/plan/identity.ts';
import { allChildren } from '../operator/plan/render.ts';

/** Claims that a run reads, or writes but does not own: they have to be there before it starts. */
function claimsOf({ spec }: Run): { what: string; claimName: string; path: string }[] {
  const { evaluation, dataset, codec, training, checkpoints } = spec;
  const reference = evaluation?.reference.file?.volume;
  const weights = evaluation?.extractor.weights?.volume;
  const { claimName } = checkpoints.volume.shared ?? {};
  return [
    { what: 'spec.dataset', ...dataset.source.volume },
    ...(reference === undefined ? [] : [{ what: 'spec.evaluation.reference', ...reference }]),
    ...(weights === undefined ? [] : [{ what: 'spec.evaluation.extractor.weights', ...weights }]),
    ...(codec.weights === undefined ? [] : [{ what: 'spec.codec.weights', ...codec.weights.volume }]),
    ...(training.warmStart === undefined ? [] : [{ what: 'spec.training.warmStart', ...training.warmStart.volume }]),
    ...(claimName === undefined ? [] : [{ what: 'spec.checkpoints', claimName, path: '' }]),
  ];
}

function requireInputs(run: Run, volumes: ReadonlyMap<string, string>, home: string): void {
  for (const { what, claimName, path } of claimsOf(run)) {
    const found = join(claimFolder(home, volumes, claimName), path);
    if (existsSync(found)) continue;
    throw new DdrError('InputMissing', `${what} is not in the folder that stands for claim ${claimName}`, {
      where: found,
      hint: `Give the folder with --volume ${claimName}=FOLDER.`,
    });
  }
}

/** The pods of every child, before the first is made. */
function requirePods(run: Run, trainerImage: string): void {
  for (const { kind, metadata, spec } of allChildren(run, unreadData, { trainerImage })) {
    if (kind !== 'Job') continue;
    const pod = parsePodSpec((spec as { template: { spec: unknown } }).template.spec, `pod of Job ${metadata.name}`);
    pathMapping(pod, { claim: (name) => name, empty: (name) => name }); // every mount has its volume
  }
}

/**
 * Refuses a run that this machine cannot carry out, before a process is started or a folder is made.
 * @throws DdrError InputMissing for data that is not there, InvalidSpec for pods that ask for what only a cluster has
 */
export function requireRunnable(
  run: Run,
  volumes: ReadonlyMap<string, string>,
  home: string,
  trainerImage: string,
): void {
  requireInputs(run, volumes, home);
  requirePods(run, trainerImage);
}
