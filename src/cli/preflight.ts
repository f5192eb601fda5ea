import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DdrError } from '../api/errors.ts';
import type { Run } from '../api/run.ts';
import { credentialKeys } from '../api/spec/s3.ts';
import { claimFolder } from '../local/localCluster.ts';
import { parsePodSpec, pathMapping } from '../local/podSpec.ts';
import { secretsOf } from '../operator/plan/buckets.ts';
import { unreadData } from '../operator/plan/identity.ts';
import { allChildren } from '../operator/plan/render.ts';

/** Claims that a run reads, or writes but does not own: they have to be there before it starts. */
function claimsOf({ spec }: Run): { what: string; claimName: string; path: string }[] {
  const { evaluation, dataset, codec, training, checkpoints } = spec;
  const claimName = checkpoints.volume?.shared?.claimName;
  const places = [
    ['spec.dataset', dataset.source.volume],
    ['spec.evaluation.reference', evaluation?.reference.file?.volume],
    ['spec.evaluation.extractor.weights', evaluation?.extractor.weights?.volume],
    ['spec.codec.weights', codec.weights?.volume],
    ['spec.training.warmStart', training.warmStart?.volume],
    ['spec.checkpoints', claimName === undefined ? undefined : { claimName, path: '' }],
  ] as const;
  return places.flatMap(([what, place]) => (place === undefined ? [] : [{ what, ...place }]));
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

/**
 * What a variable from a Secret is on this machine: the variable itself, or that of the Secret's key as AWS's own programs
 * know it. So DDR_DATA_AWS_ACCESS_KEY_ID is only needed where data and store have credentials of their own.
 */
export const secretVariable = (environment: NodeJS.ProcessEnv, variable: string): string | undefined =>
  environment[variable] || environment[variable.replace(/^DDR_(DATA|STORE)_/, '')] || undefined;

function requireCredentials(run: Run, environment: NodeJS.ProcessEnv): void {
  for (const { name, path, purpose } of secretsOf(run)) {
    const missing = credentialKeys
      .filter(({ key, optional }) => !optional && secretVariable(environment, `${purpose}_${key}`) === undefined)
      .map(({ key }) => key);
    if (missing.length === 0) continue;
    throw new DdrError('InvalidSpec', `there are no Secrets on this machine, and ${missing.join(' and ')} not set`, {
      where: path,
      hint: `Set what Secret ${name} has as environment variables, or leave secretName out to use the profile of this machine.`,
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
 * @param environment of the caller, which has what Secrets have on a cluster
 * @throws DdrError InputMissing for data that is not there, InvalidSpec for pods that ask for what only a cluster has, and
 *   for credentials that are not there
 */
export function requireRunnable(
  run: Run,
  volumes: ReadonlyMap<string, string>,
  home: string,
  trainerImage: string,
  environment: NodeJS.ProcessEnv,
): void {
  requireInputs(run, volumes, home);
  requireCredentials(run, environment);
  requirePods(run, trainerImage);
}
