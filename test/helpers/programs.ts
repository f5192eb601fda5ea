import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const kit = join(import.meta.dirname, '../../../shared/kube/cluster');

/** Folder of the programs that the kit beside this project has, if it is there. */
function kitFolder(): string | undefined {
  if (!existsSync(kit)) return undefined;
  const { status, stdout } = spawnSync(kit, ['unpack'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** Path of a program that is on the PATH, beside the API server's, or in the kit; undefined where it is nowhere. */
export function programPath(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), process.env.KUBEBUILDER_ASSETS ?? ''];
  const find = (candidates: string[]) =>
    candidates.filter((folder) => folder !== '').find((folder) => existsSync(join(folder, name)));
  const folder = find(folders) ?? find([kitFolder() ?? '']);
  return folder === undefined ? undefined : join(folder, name);
}

/** Why tests that run these programs are skipped; false where all are there. */
export function withoutPrograms(names: readonly string[], consequence: string): string | false {
  const missing = names.filter((name) => programPath(name) === undefined);
  return missing.length === 0 ? false : `${missing.join(' and ')} not on the PATH: ${consequence}`;
}
