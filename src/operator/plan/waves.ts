import { runDirectory } from '../../api/layout.ts';
import type { Run } from '../../api/run.ts';
import type { WantedJob } from './child.ts';
import { childNames, waveAddress } from './identity.ts';

/**
 * Jobs that copy models from claims of their own to the run's, each as many as one pod may mount; none where models share a
 * claim.
 * @param models addresses of all, in their order
 * @param holes those that were given up, of which there is nothing to copy
 */
export function wavesOf(
  { metadata, spec }: Run,
  models: readonly string[],
  holes: ReadonlySet<number> = new Set(),
): WantedJob[] {
  if (spec.checkpoints.volume?.perModel === undefined) return [];
  const { claimsPerWave } = spec.execution.aggregation;
  const all = models.map((hash, index) => ({ index, hash, mounted: true })).filter(({ index }) => !holes.has(index));
  const waves = Array.from({ length: Math.ceil(all.length / claimsPerWave) }, (_, wave) =>
    all.slice(wave * claimsPerWave, (wave + 1) * claimsPerWave),
  );
  return waves.map((wave) => {
    const hash = waveAddress(wave.map((model) => model.hash));
    const task = { kind: 'collect' as const, directory: runDirectory(metadata.name), hash, models: wave };
    return { step: 'aggregate', name: childNames(metadata.name).step('collect', hash), hash, task };
  });
}
