import { compact } from '../../api/compact.ts';
import { components } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import { type Condition, type ConditionType, conditionTypes, isTerminal, type Phase } from '../../api/status.ts';
import { largestSignalAtStart, reachesNoise } from '../../diffusion/latentStates.ts';
import { countOf } from './child.ts';
import type { Children } from './children.ts';
import type { Failure } from './failures.ts';
import type { Halt } from './halt.ts';
import { type Judgement, no, yes } from './judgement.ts';
import { type StepCondition, steps } from './steps.ts';
import { cutText } from './text.ts';

/** Characters of a condition's message: Kubernetes would take more, but a status has to stay small. */
export const longestConditionMessage = 8192;

/** What the conditions are computed from. */
export interface Situation {
  run: Run;
  children: Children;
  phase: Phase;
  halt: Halt | undefined;
  failures: readonly Failure[];
}

function scheduleReachesNoise({ run, children }: Situation): Judgement {
  const states = children.models.flatMap(({ model }) => model.states);
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

/** One sentence per failure, for the Failed condition and its event. */
export function failureText(failures: readonly Failure[]): string {
  return failures
    .map(
      ({ job, pod, states, reason, message }) =>
        `${states === undefined ? `Job ${job}` : `Model of states ${states} (Job ${job})`}${pod === undefined ? '' : `, pod ${pod}`}: ${reason}: ${message}`,
    )
    .join('\n');
}

function failed({ phase, halt, failures, children }: Situation): Judgement {
  if (phase === 'Failed') {
    if (halt?.kind === 'failed')
      return yes(halt.reason, [halt.message, failureText(failures)].filter((text) => text !== '').join('\n'));
    return yes(
      children.models.some((model) => model.phase === 'failed') ? 'ModelFailed' : 'StepFailed',
      failureText(failures),
    );
  }
  const broken = countOf(children.all, 'failed');
  return broken === 0
    ? no('NoFailure', 'Nothing has failed.')
    : no('OthersContinue', `${broken} failed; the others go on.\n${failureText(failures)}`);
}

/** Conditions of the steps, of which each has one. */
function stepConditions({ children: { of, dataset } }: Situation): Record<StepCondition, Judgement> {
  const entries = components.map((step) => [steps[step].condition, steps[step].judge(of[step], dataset)] as const);
  return Object.fromEntries(entries) as Record<StepCondition, Judgement>;
}

/** kstatus: a run that has started is ready, as a Job is; only what cannot go on by itself is stalled. */
function judgements(situation: Situation): Record<ConditionType, Judgement> {
  const { phase, failures, halt } = situation;
  const failure = failed(situation);
  const blocked = !isTerminal(phase) && failures.length > 0 ? ` ${failureText(failures)}` : '';
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
    ...stepConditions(situation),
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
  const { metadata, status } = situation.run;
  const judged = judgements(situation);
  return conditionTypes.map((type) => {
    const judgement = judged[type];
    const before = status?.conditions?.find((condition) => condition.type === type);
    return compact({
      type,
      ...judgement,
      message: cutText(judgement.message, longestConditionMessage),
      lastTransitionTime: before?.status === judgement.status ? before.lastTransitionTime : toSeconds(now),
      observedGeneration: metadata.generation,
    });
  });
}

/** Kubernetes' times have no fractions of seconds. */
export const toSeconds = (time: Date): string => time.toISOString().replace(/\.\d{3}Z$/, 'Z');
