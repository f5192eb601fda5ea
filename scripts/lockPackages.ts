import { z } from 'zod';

const names = z.record(z.string(), z.string()).default({});
/** npm keeps them as the package wrote them. */
const wanted = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => [value].flat())
  .optional();
const packageSchema = z.object({
  version: z.string().default(''),
  license: z.string().optional(),
  integrity: z.string().optional(),
  os: wanted,
  cpu: wanted,
  libc: wanted,
  dependencies: names,
  optionalDependencies: names,
});
export const lockSchema = z.object({ packages: z.record(z.string(), packageSchema) });
export type Lock = z.output<typeof lockSchema>;

export interface LockPackage extends z.output<typeof packageSchema> {
  name: string;
  /** Keys of the packages that it asks for. */
  dependsOn: string[];
}

/** Where the packages are to run. */
export interface Platform {
  os: string;
  cpu: string;
  libc: string;
}

const nameOf = (key: string): string => key.slice(key.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** Whether a package is for a platform; npm leaves out optional ones that are not. */
const fits = ({ os, cpu, libc }: Partial<Record<keyof Platform, string[] | undefined>>, platform: Platform): boolean =>
  [
    [os, platform.os],
    [cpu, platform.cpu],
    [libc, platform.libc],
  ].every(([wanted, own]) => wanted === undefined || wanted.includes(own as string));

/** The key of the package that a package finds by a name: its own, or that of the closest folder above. */
function resolve({ packages }: Lock, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const key = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (key in packages) return key;
    if (folder === '') return undefined;
  }
}

/**
 * The packages of a lock file that are installed for a platform without those for development, by their keys; the root is ''.
 * @param without names of packages that are taken away, with what only they ask for where they are the root's own
 */
export function lockPackages(lock: Lock, without: readonly string[], platform: Platform): Map<string, LockPackage> {
  const found = new Map<string, LockPackage>();
  const waiting = [''];
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    const entry = lock.packages[key];
    if (entry === undefined || found.has(key)) continue;
    const dependsOn = Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })
      .filter((name) => key !== '' || !without.includes(name))
      .flatMap((name) => resolve(lock, key as string, name) ?? [])
      .filter((dependency) => fits(lock.packages[dependency] ?? {}, platform));
    found.set(key, { ...entry, name: nameOf(key), dependsOn });
    waiting.push(...dependsOn);
  }
  return found;
}
