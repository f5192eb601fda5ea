import { labels } from '../api/names.ts';
import type { Progress } from '../api/progress.ts';
import type { Run } from '../api/run.ts';
import { type Phase, type RunStatus, statusSchema } from '../api/status.ts';
import type { LocalCluster } from '../local/localCluster.ts';
import { observeJob, observePod } from '../operator/plan/observed.ts';
import { progressOf } from '../operator/plan/progress.ts';
import { formatRanges } from '../operator/plan/ranges.ts';
import { stageOf } from '../operator/plan/stage.ts';
import { types } from '../operator/types.ts';

/** A model in training. */
export interface ActiveModel {
  /** Range of its states. */
  states: string;
  progress: Progress | undefined;
  /** Its process was asked to save and end. */
  stopping: boolean;
}

/** What there is to show of a run at one moment. */
export interface View {
  name: string;
  phase: Phase;
  status: RunStatus | undefined;
  /** Phase of each model, in order. One whose pod waits for a place is pending. */
  models: ('pending' | 'active' | 'done' | 'failed')[];
  active: ActiveModel[];
  progress: NonNullable<RunStatus['progress']>;
  /** What a person should know though the run goes on, a line each. */
  notices: string[];
  /** Seconds since the start. */
  seconds: number;
}

/** Looks at a run and its children; progress is as fresh as the last answers of its pods. */
export function viewOf(
  run: Run,
  { objects }: LocalCluster,
  answers: ReadonlyMap<string, Progress>,
  seconds: number,
): View {
  const { name, namespace } = run.metadata;
  const status = statusSchema.safeParse(objects.get(types.run, `${namespace}/${name}`)?.status).data;
  const observed = {
    jobs: objects.list(types.job).map(observeJob),
    pods: objects.list(types.pod).map(observePod),
    claims: [],
    progress: answers,
  };
  const stage = stageOf(run, observed);
  const training = observed.pods.filter(
    ({ phase, labels: own }) => phase === 'Running' && own[labels.component] === 'train',
  );
  const running = new Set(training.map(({ labels: own }) => Number(own[labels.model])));
  return {
    name,
    phase: status?.phase ?? 'Pending',
    status,
    models: stage.models.map(({ phase, index }) =>
      phase === 'done' || phase === 'failed' ? phase : running.has(index) ? 'active' : 'pending',
    ),
    active: training.map(({ name: pod, labels: own, deleting }) => ({
      states: formatRanges((stage.models[Number(own[labels.model])]?.states ?? []).map(({ state }) => state)),
      progress: answers.get(pod),
      stopping: deleting,
    })),
    progress: progressOf(stage, observed),
    notices: noticesOf(status),
    seconds,
  };
}

function noticesOf(status: RunStatus | undefined): string[] {
  if (status === undefined) return [];
  const condition = (type: string, value: string) =>
    status.conditions?.find((condition) => condition.type === type && condition.status === value);
  const warnings = [condition('ScheduleReachesNoise', 'False'), condition('Stalled', 'True')];
  const { retries = 0 } = status.models ?? {};
  return [
    ...warnings.flatMap((warning) => (warning === undefined ? [] : [`${warning.reason}: ${warning.message}`])),
    ...(status.failures ?? []).map(
      ({ job, states, reason, message }) =>
        `${states === undefined ? job : `Model of states ${states}`}: ${reason}: ${message}`,
    ),
    ...(retries === 0 ? [] : [`${retries} ${retries === 1 ? 'process has' : 'processes have'} failed so far`]),
  ];
}
