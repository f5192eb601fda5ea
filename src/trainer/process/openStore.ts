import { DdrError } from '../../api/errors.ts';
import { createPosixStore } from '../artifacts/posixStore.ts';
import type { ArtifactStore } from '../artifacts/store.ts';
import { credentialsOf, type TrainerEnvironment } from './environment.ts';

const hint = 'The operator sets DDR_RUN_DIR, or DDR_STORE and what is of the Secret that it names.';

/**
 * Opens what the environment says is the run's store: a volume, or a place in a bucket.
 * @throws DdrError InvalidTask where it says neither, both, or a Secret without what is in it; what opening a bucket throws
 */
export async function openStore(environment: TrainerEnvironment): Promise<ArtifactStore> {
  const { DDR_RUN_DIR: folder, DDR_STORE: place } = environment;
  if ((folder === undefined) === (place === undefined))
    throw new DdrError('InvalidTask', 'the store is a volume or a bucket: one of DDR_RUN_DIR and DDR_STORE is needed', {
      where: 'environment',
      hint,
    });
  if (place === undefined) return createPosixStore(folder as string);
  const credentials = credentialsOf(environment, 'DDR_STORE');
  if (place.secretName !== undefined && credentials === undefined)
    throw new DdrError('InvalidTask', `there are no credentials of Secret ${place.secretName}`, {
      where: 'DDR_STORE_AWS_ACCESS_KEY_ID',
      hint,
    });
  // Loaded where it is needed: the client is large, and most stores are volumes.
  const { openS3Store } = await import('../artifacts/s3Store.ts');
  return openS3Store(place, credentials);
}
