import { dump } from 'js-yaml';
import type { Run } from '../api/run.ts';
import { unreadData } from '../operator/plan/identity.ts';
import { allChildren } from '../operator/plan/render.ts';

const preface = `# Nobody has read the data yet. Names and tasks of all Jobs but the first follow from their digest, for which
# ${unreadData.digest.slice(0, 16)} stands here.
`;

/** The Kubernetes objects that a run would create, as YAML. */
export function render(run: Run, trainerImage: string): string {
  const objects = allChildren(run, unreadData, { trainerImage }).map(
    ({ apiVersion, kind, metadata: { ownerReferences: _, ...metadata }, ...rest }) =>
      // No run, no owner: a reference without its uid is nothing that an API server, or a tool that checks YAML, accepts.
      dump({ apiVersion, kind, metadata, ...rest }, { lineWidth: 120, noRefs: true }),
  );
  return preface + objects.join('---\n');
}
