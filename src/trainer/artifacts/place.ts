import { DdrError } from '../../api/errors.ts';
import type { ArtifactStore, StoreReader } from './store.ts';

/** A folder of a store. */
export interface Place {
  store: ArtifactStore;
  key: string;
}

/** A folder of a store that is only read. */
export interface ReadPlace {
  store: StoreReader;
  key: string;
}

/** @throws DdrError FileAccess where something is there */
export async function refuseExisting({ store, key }: ReadPlace): Promise<void> {
  if (!(await store.exists(key))) return;
  throw new DdrError('FileAccess', 'is there already', { where: store.describe(key), hint: 'Name another folder.' });
}
