import { basename, dirname, resolve } from 'node:path';
import { exportDiffusers, importDiffusers } from '../trainer/artifacts/diffusersFolder.ts';
import type { Place } from '../trainer/artifacts/place.ts';
import { createPosixStore } from '../trainer/artifacts/posixStore.ts';
import { counted } from './display.ts';

/** A folder of this machine. */
const placeOf = (folder: string): Place => {
  const path = resolve(folder);
  return { store: createPosixStore(dirname(path)), key: basename(path) };
};

/** Writes a bundle in diffusers' layout. @returns what to tell. @throws DdrError as {@link exportDiffusers} */
export async function exportBundle(bundle: string, folder: string): Promise<string> {
  const models = await exportDiffusers(placeOf(bundle), placeOf(folder));
  return `${folder}: ${counted(models, 'model')} in diffusers’ layout; docs/bundle.md shows how they are sampled`;
}

/** Makes a bundle of what {@link exportBundle} wrote. @returns what to tell. @throws DdrError as {@link importDiffusers} */
export async function importBundle(folder: string, bundle: string): Promise<string> {
  const models = await importDiffusers(placeOf(folder), placeOf(bundle));
  return `${bundle}: a bundle of ${counted(models, 'model')}`;
}
