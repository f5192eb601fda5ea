import { dump } from 'js-yaml';
import type { Run } from '../api/run.ts';
import { allChildren } from '../operator/plan/children.ts';
import { stageOf } from '../operator/plan/stage.ts';

/** The Kubernetes objects that a run would create, as YAML. */
export function render(run: Run, trainerImage: string): string {
  const stage = stageOf(run, { jobs: [], pods: [], claims: [], progress: new Map() });
  return allChildren(run, stage, { trainerImage })
    .map(({ apiVersion, kind, metadata: { ownerReferences: _, ...metadata }, ...rest }) =>
      // No run, no owner: a reference without its uid is nothing that an API server, or a tool that checks YAML, accepts.
      dump({ apiVersion, kind, metadata, ...rest }, { lineWidth: 120, noRefs: true }),
    )
    .join('---\n');
}
