import { compact } from '../../api/compact.ts';
import { components } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import {
  type Condition,
  type ConditionType,
  conditionTypes,
  isTerminal,
  type Phase,
  type RunStatus,
} from '../../api/status.ts';
import { largestSignalAtStart, reachesNoise } from '../../diffusion/latentStates.ts';
import { countOf } from './child.ts';
import type { Children } from './children.ts';
import { type Failure, failureText } from './failures.ts';
import type { Halt } from './halt.ts';
import { coverageOf } from './holes.ts';
import { because, type Judgement, no, yes } from './judgement.ts';
import type { Obstacle } from './obstacle.ts';
import { type Refused, refusalReason, refusalText } from './refused.ts';
import { shareOf } from './share.ts';
import { awaitedText, type StepCondition, steps } from './steps.ts';
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
  /** Why the run stands still, where its phase is Blocked. */
  obstacle: Obstacle | undefined;
  refused: Refused;
  results: RunStatus['results'];
  /** Models of other clusters that aggregation waits for. */
  awaited: number | undefined;
}

function scheduleReachesNoise({ run, children }: Situation): Judgement {
  const missing = new Set(children.holes);
  const states = children.plans.flatMap(({ index, states }) => (missing.has(index) ? [] : states));
  const isHole = missing.has(children.plans.length - 1);
  const noisiest = `√ᾱ of the noisiest state${isHole ? ' that has a model' : ''} is ${Math.sqrt(states.at(-1)?.alphaBar ?? 1).toPrecision(3)}`;
  if (reachesNoise(states)) return yes('TopStateIsNoise', `${noisiest}: sampling may start from N(0, I).`);
  if (run.spec.sampling.start === 'MomentMatched') {
    return yes('StartIsMatched', `${noisiest}; sampling starts from a normal with the data's moments.`);
  }
  const remedy = isHole
    ? 'Name the noisiest state in sampling.requiredStates'
    : 'Include timestep T − 1 among the states';
  return no(
    'TopStateNotNoise',
    `${noisiest}, above ${largestSignalAtStart}: samples that start from N(0, I) start from what no model has seen. ${remedy}, or set sampling.start to MomentMatched.`,
  );
}

/** Findings of a report say what to look at: no step waits for them, and the run stays as ready as it is. */
function qualityConcern({ results }: Situation): Judgement {
  const findings = results?.findings;
  if (findings === undefined)
    return because('Unknown', 'NotJudged', 'Losses and samples are looked at with the report.');
  const [first] = findings;
  if (first === undefined) return no('NoSignature', 'Losses and samples have no failure signature.');
  return yes(first.signature, findings.map(({ message }) => message).join('\n'));
}

function failed({ phase, halt, failures, children }: Situation): Judgement {
  if (phase === 'Failed') {
    if (halt?.kind === 'failed')
      return yes(halt.reason, [halt.message, failureText(failures)].filter((text) => text !== '').join('\n'));
    const isSilent = children.all.some(({ phase, job }) => phase === 'failed' && job?.finished === 'Complete');
    const ofModel = children.models.some((model) => model.phase === 'failed');
    return yes(isSilent ? 'ResultUnknown' : ofModel ? 'ModelFailed' : 'StepFailed', failureText(failures));
  }
  const broken = countOf(children.all, 'failed');
  return broken === 0
    ? no('NoFailure', 'Nothing has failed.')
    : no('OthersContinue', `${broken} failed; the others go on.\n${failureText(failures)}`);
}

/** Conditions of the steps, of which each has one. */
function stepConditions({ run, children, awaited }: Situation): Record<StepCondition, Judgement> {
  const { of, dataset, holes } = children;
  const known = { dataset, awaited, share: shareOf(run.spec), coverage: coverageOf(run.spec, holes) };
  const entries = components.map((step) => [steps[step].condition, steps[step].judge(of[step], known)] as const);
  return Object.fromEntries(entries) as Record<StepCondition, Judgement>;
}

/** What a run that is ready is still worth a word for. */
function remark({ run, children, phase, awaited }: Situation): string {
  if (awaited !== undefined && phase === 'Aggregating') return ` ${awaitedText(awaited)}`;
  const coverage = coverageOf(run.spec, children.holes);
  return coverage === undefined || phase === 'Failed' ? '' : ` Coverage ${coverage}.`;
}

function complete({ run, children, phase }: Situation): Judgement {
  if (phase !== 'Complete') return no(phase, `The run is ${phase.toLowerCase()}.`);
  if (!run.spec.execution.aggregate) {
    const what = shareOf(run.spec) === undefined ? 'The models are' : `The share ${shareOf(run.spec)} is`;
    return yes('Complete', `${what} trained; execution.aggregate is false, so that another run goes on from here.`);
  }
  const coverage = coverageOf(run.spec, children.holes);
  return yes('Complete', `The report is written.${coverage === undefined ? '' : ` Coverage ${coverage}.`}`);
}

function ready(situation: Situation): Judgement {
  const { phase, failures, obstacle } = situation;
  const text = `The run is ${phase.toLowerCase()}.${remark(situation)}`;
  if (obstacle !== undefined) return because('False', obstacle.reason, `${text} ${obstacle.message}`);
  const known = !isTerminal(phase) && failures.length > 0 ? ` ${failureText(failures)}` : '';
  return phase === 'Pending' || phase === 'Failed' ? no(phase, text + known) : yes(phase, text + known);
}

function reconciling({ phase, obstacle }: Situation): Judgement {
  if (phase === 'Pending') return yes('Starting', 'The first children are being created.');
  return obstacle?.passing
    ? because('True', obstacle.reason, obstacle.message)
    : no('Observed', 'The spec has been acted on.');
}

function stalled({ phase, obstacle, refused }: Situation, failure: Judgement): Judgement {
  if (phase === 'Failed') return failure;
  if (refused.size > 0) return yes(refusalReason(refused), refusalText(refused));
  if (obstacle !== undefined && !obstacle.passing) return because('True', obstacle.reason, obstacle.message);
  return no('Progressing', 'Nothing stands in the way.');
}

/**
 * kstatus: a run that has started is ready, as a Job is, and one that cannot go on by itself is stalled. One that waits for
 * what may come is neither: it reconciles (docs/adr/0009).
 */
function judgements(situation: Situation): Record<ConditionType, Judgement> {
  const { halt } = situation;
  const failure = failed(situation);
  return {
    Ready: ready(situation),
    Reconciling: reconciling(situation),
    Stalled: stalled(situation, failure),
    ScheduleReachesNoise: scheduleReachesNoise(situation),
    QualityConcern: qualityConcern(situation),
    ...stepConditions(situation),
    Suspended:
      halt?.kind === 'suspended'
        ? yes('SuspendedByUser', 'spec.suspend is true: no pod runs.')
        : no('NotSuspended', 'spec.suspend is false.'),
    Failed: failure,
    Complete: complete(situation),
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
