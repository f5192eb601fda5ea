import type { Run } from '../../api/run.ts';
import type { Phase, RunStatus } from '../../api/status.ts';
import { conditionsOf, longestConditionMessage, toSeconds } from './conditions.ts';
import { failuresOf } from './failures.ts';
import type { Halt } from './halt.ts';
import type { Observed, ObservedJob } from './observed.ts';
import { progressOf } from './progress.ts';
import { formatRangesBriefly } from './ranges.ts';
import { type ChildPhase, isBroken, podsOf, resultOf, type Stage, type StepState } from './stage.ts';
import { cutText } from './text.ts';

/** Milliseconds that a finished step's last word is waited for: pods and Jobs are watched apart. */
const wordWithin = 30_000;

/** Whether a step is done and what it said is known, or will not be any more. */
function isSettled({ job }: StepState, said: boolean, now: Date): boolean {
  return said || job?.finishedAt === undefined || now.getTime() - Date.parse(job.finishedAt) > wordWithin;
}

/**
 * Steps that are done, but whose pods went before their last word was read. Done anew, a step finds what it made on the
 * volume and only says so again.
 */
export function lostWords(run: Run, stage: Stage, now: Date): ObservedJob[] {
  if (run.spec.suspend || run.spec.cancel) return [];
  const [aggregate, , evaluate] = stage.steps;
  const unknown = [
    bundleOf(run, stage) === undefined ? aggregate : undefined,
    resultsOf(run, stage) === undefined ? evaluate : undefined,
  ];
  return unknown.flatMap((step) => {
    if (step?.phase !== 'done' || step.job === undefined || step.job.deleting) return [];
    const { job } = step;
    return job.finishedAt !== undefined && isSettled(step, false, now) && podsOf(stage, job.name).length === 0
      ? [job]
      : [];
  });
}

const isTerminal = (phase: Phase) => phase === 'Complete' || phase === 'Failed' || phase === 'Cancelled';

function bundleOf(run: Run, stage: Stage): RunStatus['bundle'] {
  const { steps, hashes } = stage;
  const said = resultOf(stage, steps[0]?.name ?? '', 'aggregate');
  if (said !== undefined) return { path: said.path, digest: said.digest };
  const before = run.status?.bundle; // the pod may have gone since
  return before?.path.endsWith(hashes.bundle) ? before : undefined;
}

function resultsOf(run: Run, stage: Stage): RunStatus['results'] {
  const { steps, hashes } = stage;
  const said = resultOf(stage, steps[2]?.name ?? '', 'evaluate');
  if (said === undefined) return run.status?.results?.path.endsWith(hashes.report) ? run.status.results : undefined;
  const { kind: _, ...results } = said;
  const { frechetDistance } = results;
  return frechetDistance === undefined
    ? results
    : { ...results, display: String(Number(frechetDistance.toPrecision(4))) };
}

function phaseOf(stage: Stage, halt: Halt | undefined, evaluated: boolean): Phase {
  const { models, steps } = stage;
  if (steps[2]?.phase === 'done' && evaluated) return 'Complete';
  if (halt?.kind === 'cancelled') return 'Cancelled';
  if (halt?.kind === 'failed') return 'Failed';
  if (isBroken(stage)) return 'Failed';
  if (halt?.kind === 'suspended') return 'Suspended';
  if (models.every(({ phase }) => phase === 'absent')) return 'Pending';
  if (!models.every(({ phase }) => phase === 'done')) return 'Training';
  if (steps[0]?.phase !== 'done') return 'Aggregating';
  return steps[1]?.phase === 'done' ? 'Evaluating' : 'Sampling';
}

function modelsOf({ models, retries }: Stage): NonNullable<RunStatus['models']> {
  const statesIn = (wanted: ChildPhase) =>
    models.filter(({ phase }) => phase === wanted).flatMap(({ states }) => states.map(({ state }) => state));
  const count = (wanted: ChildPhase) => models.filter(({ phase }) => phase === wanted).length;
  const ranges = {
    pending: statesIn('absent'),
    active: statesIn('active'),
    done: statesIn('done'),
    failed: statesIn('failed'),
  };
  const shown = Object.entries(ranges).filter(([, states]) => states.length > 0);
  return {
    total: models.length,
    pending: count('absent'),
    active: count('active'),
    done: count('done'),
    failed: count('failed'),
    summary: `${count('done')}/${models.length}`,
    retries,
    states: Object.fromEntries(shown.map(([phase, states]) => [phase, formatRangesBriefly(states)])),
  };
}

/** The whole status, bounded in size for any S. */
export function statusOf(run: Run, stage: Stage, observed: Observed, halt: Halt | undefined, now: Date): RunStatus {
  const bundle = bundleOf(run, stage);
  const results = resultsOf(run, stage);
  const [, , evaluate] = stage.steps;
  const lost = lostWords(run, stage, now).some(({ name }) => name === evaluate?.name);
  const evaluated = evaluate !== undefined && isSettled(evaluate, results !== undefined, now) && !lost;
  const phase = phaseOf(stage, halt, evaluated);
  const failures = failuresOf(stage, now);
  const started = stage.jobs.size > 0 ? (run.status?.startedAt ?? toSeconds(now)) : run.status?.startedAt;
  const finished = isTerminal(phase)
    ? ((isTerminal(run.status?.phase ?? 'Pending') ? run.status?.finishedAt : undefined) ?? toSeconds(now))
    : undefined;
  return {
    ...(run.metadata.generation === undefined ? {} : { observedGeneration: run.metadata.generation }),
    phase,
    conditions: conditionsOf({ run, stage, phase, halt, failures }, now),
    ...(started === undefined ? {} : { startedAt: started }),
    ...(finished === undefined ? {} : { finishedAt: finished }),
    models: modelsOf(stage),
    progress: progressOf(stage, observed),
    ...(failures.length === 0 ? {} : { failures }),
    ...(bundle === undefined ? {} : { bundle }),
    ...(results === undefined ? {} : { results }),
  };
}

/** The status, with what the API server said when it refused a child: no quota, a webhook, a name that is taken. */
export function refusedStatus(before: RunStatus | undefined, status: RunStatus, message: string, now: Date): RunStatus {
  const conditions = status.conditions?.map((condition) => {
    if (condition.type !== 'Stalled') return condition;
    const known = before?.conditions?.find(({ type, status }) => type === 'Stalled' && status === 'True');
    const text = cutText(`A child could not be written; it is tried again. ${message}`, longestConditionMessage);
    return {
      ...condition,
      status: 'True' as const,
      reason: 'ChildRefused',
      message: text,
      lastTransitionTime: known?.lastTransitionTime ?? toSeconds(now),
    };
  });
  return { ...status, ...(conditions && { conditions }) };
}

/** Status of a run whose spec this operator cannot read, though the API server took it: an older operator, say. */
export function invalidStatus(
  generation: number | undefined,
  before: RunStatus | undefined,
  message: string,
  now: Date,
): RunStatus {
  const condition = (type: 'Ready' | 'Stalled' | 'Failed', status: 'True' | 'False') => ({
    type,
    status,
    reason: 'InvalidSpec',
    message: cutText(message, longestConditionMessage),
    lastTransitionTime:
      before?.conditions?.find((known) => known.type === type && known.status === status)?.lastTransitionTime ??
      toSeconds(now),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  });
  return {
    ...before,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase: 'Failed',
    conditions: [condition('Ready', 'False'), condition('Stalled', 'True'), condition('Failed', 'True')],
  };
}
