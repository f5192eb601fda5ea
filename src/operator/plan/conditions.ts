import type { Run } from '../../api/run.ts';
import type { Condition, ConditionType, Phase } from '../../api/status.ts';
import { largestSignalAtStart, reachesNoise } from '../../diffusion/latentStates.ts';
import type { Failure } from './failures.ts';
import type { Halt } from './halt.ts';
import type { Stage, StepName } from './stage.ts';
import { cutText } from './text.ts';

/** Characters of a condition's message: Kubernetes would take more, but a status has to stay small. */
export const longestConditionMessage = 8192;

type Judgement = Pick<Condition, 'status' | 'reason' | 'message'>;

const yes = (reason: string, message: string): Judgement => ({ status: 'True', reason, message });
const no = (reason: string, message: string): Judgement => ({ status: 'False', reason, message });

/** What the conditions are computed from. */
export interface Situation {
  run: Run;
  stage: Stage;
  phase: Phase;
  halt: Halt | undefined;
  failures: readonly Failure[];
}

function scheduleReachesNoise({ run, stage }: Situation): Judgement {
  const states = stage.models.flatMap((model) => model.states);
  const signal = Math.sqrt(states.at(-1)?.alphaBar ?? 1).toPrecision(3);
  if (reachesNoise(states))
    return yes('TopStateIsNoise', `√ᾱ of the noisiest state is ${signal}: sampling may start from N(0, I).`);
  if (run.spec.sampling.start === 'MomentMatched') {
    return yes(
      'StartIsMatched',
      `√ᾱ of the noisiest state is ${signal}; sampling starts from a normal with the data's moments.`,
    );
  }
  return no(
    'TopStateNotNoise',
    `√ᾱ of the noisiest state is ${signal}, above ${largestSignalAtStart}: samples that start from N(0, I) start from what no model has seen. Include timestep T − 1 among the states, or set sampling.start to MomentMatched.`,
  );
}

function trained({ stage: { models } }: Situation): Judgement {
  const count = (phase: string) => models.filter((model) => model.phase === phase).length;
  const [done, failed] = [count('done'), count('failed')];
  const text = `${done} of ${models.length} models are trained`;
  if (done === models.length) return yes('AllTrained', `${text}.`);
  if (failed > 0) return no('ModelFailed', `${text}, ${failed} failed.`);
  return no(count('active') > 0 ? 'Training' : 'Waiting', `${text}.`);
}

function stepCondition(
  { stage: { steps } }: Situation,
  step: StepName,
  texts: { done: string; active: string; waiting: string },
): Judgement {
  switch (steps.find((state) => state.step === step)?.phase) {
    case 'done':
      return yes('Done', texts.done);
    case 'active':
      return no('Running', texts.active);
    case 'failed':
      return no('Failed', 'The Job failed.');
    default:
      return no('Waiting', texts.waiting);
  }
}

/** One sentence per failure, for the Failed condition and its event. */
export function failureText(failures: readonly Failure[]): string {
  return failures
    .map(
      ({ job, pod, states, reason, message }) =>
        `${states === undefined ? `Job ${job}` : `Model of states ${states} (Job ${job})`}${pod === undefined ? '' : `, pod ${pod}`}: ${reason}: ${message}`,
    )
    .join('\n');
}

function failed({ phase, halt, failures, stage }: Situation): Judgement {
  if (phase === 'Failed') {
    if (halt?.kind === 'failed')
      return yes(halt.reason, [halt.message, failureText(failures)].filter((text) => text !== '').join('\n'));
    return yes(
      stage.models.some((model) => model.phase === 'failed') ? 'ModelFailed' : 'StepFailed',
      failureText(failures),
    );
  }
  const broken = [...stage.models, ...stage.steps].filter((child) => child.phase === 'failed').length;
  return broken === 0
    ? no('NoFailure', 'Nothing has failed.')
    : no('OthersContinue', `${broken} failed; the others go on.\n${failureText(failures)}`);
}

const terminal = (phase: Phase) => phase === 'Complete' || phase === 'Failed' || phase === 'Cancelled';

/** kstatus: a run that has started is ready, as a Job is; only what cannot go on by itself is stalled. */
function judgements(situation: Situation): Record<ConditionType, Judgement> {
  const { phase, failures, halt } = situation;
  const failure = failed(situation);
  const blocked = !terminal(phase) && failures.length > 0 ? ` ${failureText(failures)}` : '';
  return {
    Ready:
      phase === 'Pending' || phase === 'Failed'
        ? no(phase, `The run is ${phase.toLowerCase()}.${blocked}`)
        : yes(phase, `The run is ${phase.toLowerCase()}.${blocked}`),
    Reconciling:
      phase === 'Pending'
        ? yes('Starting', 'The first children are being created.')
        : no('Observed', 'The spec has been acted on.'),
    Stalled:
      phase === 'Failed' ? yes(failure.reason, failure.message) : no('Progressing', 'Nothing stands in the way.'),
    ScheduleReachesNoise: scheduleReachesNoise(situation),
    Trained: trained(situation),
    Aggregated: stepCondition(situation, 'aggregate', {
      done: 'The models are one bundle.',
      active: 'The models are being verified and bundled.',
      waiting: 'Waits until all models are trained.',
    }),
    Sampled: stepCondition(situation, 'sample', {
      done: 'The samples are drawn.',
      active: 'Samples are being drawn.',
      waiting: 'Waits for the bundle.',
    }),
    Evaluated: stepCondition(situation, 'evaluate', {
      done: 'The report is written.',
      active: 'The report is being written.',
      waiting: 'Waits for the samples.',
    }),
    Suspended:
      halt?.kind === 'suspended'
        ? yes('SuspendedByUser', 'spec.suspend is true: no pod runs.')
        : no('NotSuspended', 'spec.suspend is false.'),
    Failed: failure,
    Complete:
      phase === 'Complete'
        ? yes('Complete', 'The report is written.')
        : no(phase, `The run is ${phase.toLowerCase()}.`),
  };
}

/** All conditions; the time of a transition stays where the status stays. */
export function conditionsOf(situation: Situation, now: Date): Condition[] {
  const { run } = situation;
  return Object.entries(judgements(situation)).map(([type, judgement]) => {
    const before = run.status?.conditions?.find((condition) => condition.type === type);
    return {
      type: type as ConditionType,
      ...judgement,
      message: cutText(judgement.message, longestConditionMessage),
      lastTransitionTime: before?.status === judgement.status ? before.lastTransitionTime : toSeconds(now),
      ...(run.metadata.generation === undefined ? {} : { observedGeneration: run.metadata.generation }),
    };
  });
}

/** Kubernetes' times have no fractions of seconds. */
export const toSeconds = (time: Date): string => time.toISOString().replace(/\.\d{3}Z$/, 'Z');
