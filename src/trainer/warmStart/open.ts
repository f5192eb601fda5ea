import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { DdrError } from '../../api/errors.ts';
import type { Training } from '../../api/spec/training.ts';
import { manifestFile } from '../artifacts/bundle.ts';
import { diffusersFiles } from '../artifacts/diffusersFolder.ts';
import { resolveInVolume } from '../data/volume.ts';
import { bundleStartFiles, openBundleStart } from './bundle.ts';
import { openDiffusersStart } from './diffusers.ts';
import type { WarmStart } from './source.ts';

/** What a spec says of where models begin. */
type Named = NonNullable<Training['warmStart']>;

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** A folder of weights, and what it is by its files. */
interface Found {
  folder: string;
  kind: 'bundle' | 'diffusers';
  /** Files that are read, resolved: none of them leads out of the volume. */
  files: string[];
  hasTokens: boolean;
}

const what = 'folder of training.warmStart';

async function find({ volume: { path } }: Named, root: string | undefined): Promise<Found> {
  const folder = await resolveInVolume(root, path, what);
  const has = (name: string) => isThere(join(folder, name));
  const hasTokens = await has(diffusersFiles.classTokens);
  const kind = (await has(manifestFile)) ? 'bundle' : 'diffusers';
  if (kind === 'diffusers' && !(await has(diffusersFiles.config)))
    throw new DdrError('InputMissing', `holds neither a bundle's ${manifestFile} nor a network's config.json`, {
      where: path === '' ? folder : path,
      hint: "Set training.warmStart.volume.path to runs/NAME/bundles/ADDRESS of a run's volume, or to a U-Net's folder in diffusers' layout, such as model-0000 of what `ddr bundle export` has made.",
    });
  const { config, weights, classTokens } = diffusersFiles;
  const names =
    kind === 'bundle'
      ? [manifestFile, ...(await bundleStartFiles(folder))]
      : [config, weights, ...(hasTokens ? [classTokens] : [])];
  const files = await Promise.all(names.map((name) => resolveInVolume(root, join(path, name), `${what}'s ${name}`)));
  return { folder, kind, files, hasTokens };
}

/** Files that models begin from, resolved. @throws DdrError InputMissing, InputUnsafe, InputForeign */
export const warmStartFiles = async (named: Named, root: string | undefined): Promise<string[]> =>
  (await find(named, root)).files;

/**
 * The weights that models begin from: a bundle where there is a manifest.json, else a network in diffusers' layout.
 * @param root of their volume
 * @throws DdrError InputMissing, InputUnsafe, InputForeign, InputTruncated
 */
export async function openWarmStart(named: Named, root: string | undefined): Promise<WarmStart> {
  const { folder, kind, hasTokens } = await find(named, root);
  return kind === 'bundle' ? openBundleStart(folder) : openDiffusersStart(folder, hasTokens);
}
