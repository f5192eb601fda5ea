import { labels } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import type { PodTemplate } from '../../api/spec/execution.ts';
import { executionHash } from './identity.ts';
import type { ObservedJob } from './observed.ts';
import { type ChildPhase, podsOf, type Stage } from './stage.ts';

/** Whether no pod of a Job has started, and one tells why. */
function cannotStart(stage: Stage, job: ObservedJob): boolean {
  const pods = podsOf(stage, job.name).filter(({ deleting, terminated }) => !deleting && terminated === undefined);
  return pods.length > 0 && pods.every(({ phase, blocked }) => phase === 'Pending' && blocked !== undefined);
}

/**
 * Jobs that failed or cannot start, though the run now wants other images, resources or templates: made anew they may do
 * better, and as a Job's template cannot change there is no other way. Those that work are let work.
 */
export function outdatedJobs(run: Run, stage: Stage): ObservedJob[] {
  const { models, steps } = stage;
  const children: { phase: ChildPhase; job: ObservedJob | undefined; override: PodTemplate | undefined }[] = [
    ...models.map(({ phase, job, settings }) => ({ phase, job, override: settings.podTemplate })),
    ...steps.map(({ phase, job }) => ({ phase, job, override: undefined })),
  ];
  return children.flatMap(({ phase, job, override }) => {
    if (job === undefined || job.deleting) return [];
    if (phase !== 'failed' && !(phase === 'active' && cannotStart(stage, job))) return [];
    const made = job.labels[labels.execution];
    return made !== undefined && made !== executionHash(run, override) ? [job] : [];
  });
}
