import { type Component, components, labels } from '../api/names.ts';
import type { Progress } from '../api/progress.ts';
import { formatRanges } from '../api/ranges.ts';
import type { Run } from '../api/run.ts';
import { type ConditionType, type Phase, type RunStatus, statusSchema } from '../api/status.ts';
import type { LocalCluster } from '../local/localCluster.ts';
import { childrenOf } from '../operator/plan/children.ts';
import { type ObservedPod, observeJob, observePod } from '../operator/plan/observed.ts';
import type { Settings } from '../operator/plan/pod.ts';
import { progressOf } from '../operator/plan/progress.ts';
import { types } from '../operator/types.ts';

/** A process at work. */
export interface ActivePod {
  step: Component;
  /** Range of states, of a model in training. */
  states: string | undefined;
  progress: Progress | undefined;
  /** It was asked to save and end. */
  stopping: boolean;
}

/** What there is to show of a run at one moment. */
export interface View {
  name: string;
  phase: Phase;
  status: RunStatus | undefined;
  /** Phase of each model, in order. One whose pod waits for a place is pending. */
  models: ('pending' | 'active' | 'done' | 'failed')[];
  active: ActivePod[];
  progress: NonNullable<RunStatus['progress']>;
  /** What a person should know though the run goes on, a line each. */
  notices: string[];
  /** Seconds since the start. */
  seconds: number;
}

const stepOf = ({ labels: own }: ObservedPod): Component | undefined =>
  components.find((component) => component === own[labels.component]);

/** What a look needs beside the cluster. */
export interface Moment {
  /** Last answers of running pods, by name. */
  answers: ReadonlyMap<string, Progress>;
  /** What the operator was started with. */
  settings: Settings;
  now: Date;
  /** Since the start. */
  seconds: number;
}

/** Looks at a run and its children; progress is as fresh as the last answers of its pods. */
export function viewOf(
  run: Run,
  { objects }: Pick<LocalCluster, 'objects'>,
  { answers, settings, now, seconds }: Moment,
): View {
  const { name, namespace } = run.metadata;
  const status = statusSchema.safeParse(objects.get(types.run, `${namespace}/${name}`)?.status).data;
  const observed = {
    jobs: objects.list(types.job).map(observeJob),
    pods: objects.list(types.pod).map(observePod),
    claims: [],
    progress: answers,
  };
  const children = childrenOf({ ...run, status }, observed, now, settings);
  const running = observed.pods.filter(({ phase }) => phase === 'Running');
  const training = new Set(
    running.filter((pod) => stepOf(pod) === 'train').map(({ labels: own }) => Number(own[labels.model])),
  );
  const active = running.flatMap((pod): ActivePod[] => {
    const step = stepOf(pod);
    if (step === undefined) return [];
    const states = children.plans[Number(pod.labels[labels.model])]?.states;
    return [
      {
        step,
        states: step === 'train' ? formatRanges((states ?? []).map(({ index }) => index)) : undefined,
        progress: answers.get(pod.name),
        stopping: pod.deleting,
      },
    ];
  });
  return {
    name,
    phase: status?.phase ?? 'Pending',
    status,
    models: children.models.map(({ phase, model }) =>
      phase === 'done' || phase === 'failed' ? phase : training.has(model.index) ? 'active' : 'pending',
    ),
    active,
    progress: progressOf(children, observed),
    notices: status === undefined ? [] : noticesOf(status),
    seconds,
  };
}

/** Conditions that are worth a line while the run goes on, each with the status in which it is. */
const warnings: [ConditionType, 'True' | 'False'][] = [
  ['ScheduleReachesNoise', 'False'],
  ['QualityConcern', 'True'],
  ['Stalled', 'True'],
];

/** What is known of data and results that changes what they mean. */
export const caveatsOf = ({ dataset, results }: RunStatus): string[] => [
  ...(dataset?.notices ?? []),
  ...(results?.caveats ?? []),
];

function noticesOf(status: RunStatus): string[] {
  const { conditions = [], failures = [], models } = status;
  const retries = models?.retries ?? 0;
  return [
    ...conditions
      .filter((condition) => warnings.some(([type, value]) => condition.type === type && condition.status === value))
      .map(({ reason, message }) => `${reason}: ${message}`),
    ...failures.map(
      ({ job, attempt, states, reason, message }) =>
        `${states === undefined ? job : `Model of states ${states}`}${attempt === undefined ? '' : `, attempt ${attempt}`}: ${reason}: ${message}`,
    ),
    ...(retries === 0 ? [] : [`${retries} ${retries === 1 ? 'process has' : 'processes have'} failed so far`]),
    ...caveatsOf(status),
  ];
}
