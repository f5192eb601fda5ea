import type { Children } from './children.ts';
import type { Observed } from './observed.ts';

/** Models of other clusters that are not in the store yet, as the aggregate pod said last; undefined where none waits. */
export function awaitedModels({ of, pods }: Pick<Children, 'of' | 'pods'>, observed: Observed): number | undefined {
  for (const { phase, job } of of.aggregate) {
    if (phase !== 'active' || job === undefined) continue;
    for (const pod of pods.get(job.name) ?? []) {
      const said = pod.phase === 'Running' ? observed.progress.get(pod.name) : undefined;
      if (said?.phase === 'Waiting') return Math.max(0, Math.floor(said.total - said.done)) || undefined;
    }
  }
  return undefined;
}
