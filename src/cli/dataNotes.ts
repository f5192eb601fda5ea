import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { runDirectory, runLayout } from '../api/layout.ts';
import type { Run } from '../api/run.ts';
import type { RunStatus } from '../api/status.ts';
import { addressesOf, modelPlans } from '../operator/plan/identity.ts';
import { counted } from './display.ts';

/**
 * What to know about a volume that a version before 0.2.0 has worked on: it has models, but no data were ever prepared. It is
 * told until they are, which is the first thing that happens.
 * @param folder the run's volume, where it has one: no such version knew another store
 */
export function noteOfFormerVersion({ metadata, spec }: Run, folder: string | undefined): string | undefined {
  if (folder === undefined) return undefined;
  const layout = runLayout(runDirectory(metadata.name));
  const countOf = (key: string) => globSync(`${key}/`, { cwd: folder }).length;
  const former = countOf(layout.model('*').root);
  if (former === 0 || countOf(layout.prepared('*')) > 0) return undefined;
  const models = counted(modelPlans(spec).length, 'model');
  return `The volume has ${counted(former, 'model')} of a version before 0.2.0. Addresses are computed otherwise since then, from what the data hold rather than from where they lie (see CHANGELOG.md), so ${models} will be trained anew. The former ones stay in ${join(folder, layout.models)} until you delete them.`;
}

/**
 * Says before training that the data are others than before, and what that means. It is told until the first model learns
 * from them, not on every resume; of a bucket, which is not looked into, on every one.
 * @param folder the run's volume, where it has one
 */
export function noteOfChangedData(
  { metadata, spec }: Run,
  dataset: NonNullable<RunStatus['dataset']>,
  folder: string | undefined,
): string | undefined {
  const { previousDigest, digest } = dataset;
  if (previousDigest === undefined) return undefined;
  const layout = runLayout(runDirectory(metadata.name));
  const { models } = addressesOf(spec, modelPlans(spec), dataset);
  if (folder !== undefined && models.some((hash) => existsSync(join(folder, layout.model(hash).root))))
    return undefined;
  const digests = `sha256 ${previousDigest.slice(0, 16)}… then, ${digest.slice(0, 16)}… now`;
  return `The data have changed since they were read before (${digests}): ${counted(models.length, 'model')} will be trained anew. Models of the former data are kept apart and mix with nothing.`;
}
