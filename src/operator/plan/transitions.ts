import { retryAnnotation } from '../../api/names.ts';
import type { EventReason } from '../../api/reasons.ts';
import type { RunStatus } from '../../api/status.ts';
import type { ObjectEvent } from '../kube/events.ts';
import type { Changes } from './changes.ts';
import { claimNotice } from './claim.ts';
import { failureText } from './failures.ts';

/** Names that an event lists at most. */
const most = 8;

const list = (names: readonly string[]) =>
  names.length <= most ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${names.length - most} more`;

const event = (type: ObjectEvent['type'], reason: EventReason, message: string): ObjectEvent => ({
  type,
  reason,
  message,
});

/** What is done to children. */
function changeEvents({ create, remove, discard, suspend, takenUp, former }: Changes): ObjectEvent[] {
  const events: ObjectEvent[] = [];
  const normal = (reason: EventReason, names: string[], text: (names: string) => string) => {
    if (names.length > 0) events.push(event('Normal', reason, text(list(names))));
  };
  if (former.length > 0) {
    const text = `The addresses of models have changed with this version of the operator: ${former.length} models that another version has made (${list(former)}) are trained anew once the data are prepared. What lies on the volume stays; set spec.suspend to put it off.`;
    events.push(event('Warning', 'AddressesChanged', text));
  }
  if (takenUp !== undefined) {
    const text = `Claim ${takenUp} of a run of this name before is taken up, as it is: what lies there and is wanted is not made again.`;
    events.push(event('Normal', 'ClaimTakenUp', text));
  }
  const created = create.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  normal('Created', created, (names) => `Created ${names}.`);
  for (const claim of create.filter(({ kind }) => kind === 'PersistentVolumeClaim')) {
    const notice = claimNotice(claim);
    if (notice !== undefined) events.push(event('Normal', 'ClaimOnOneNode', notice));
  }
  const removed = remove.map(({ name }) => `Job ${name}`);
  normal('Deleted', removed, (names) => `Deleted ${names}, not wanted any more.`);
  const given = discard.map(({ name }) => `claim ${name}`);
  normal('Deleted', given, (names) => `Deleted ${names}: the bundle has what is needed of them.`);
  const switched = (to: boolean) => suspend.filter(({ value }) => value === to).map(({ name }) => name);
  normal('Stopped', switched(true), (names) => `Stopped the pods of ${names}; their state is saved.`);
  normal('Resumed', switched(false), (names) => `Resumed ${names}.`);
  return events;
}

/** Other data than before, which nothing that was learned from those before is good for. */
function dataEvents(before: RunStatus | undefined, after: RunStatus): ObjectEvent[] {
  const { dataset, models } = after;
  const previous = before?.dataset?.digest ?? dataset?.previousDigest;
  const known = before?.dataset?.preparedBy === dataset?.preparedBy;
  if (dataset === undefined || known || previous === undefined || previous === dataset.digest) return [];
  const anew = (models?.total ?? 0) - (models?.done ?? 0);
  const text = `The data are others than before (sha256 ${previous.slice(0, 16)}…, now ${dataset.digest.slice(0, 16)}…): ${anew} of ${models?.total ?? 0} models are trained anew, and what follows from them is made anew.`;
  return [event((before?.models?.done ?? 0) > 0 ? 'Warning' : 'Normal', 'DatasetChanged', text)];
}

/** Progress, failures and warnings that are new. */
function newsEvents(before: RunStatus | undefined, after: RunStatus): ObjectEvent[] {
  const { models, failures = [], observedRetryAt: retry } = after;
  const events: ObjectEvent[] = [];
  if (before !== undefined && retry !== undefined && retry !== before.observedRetryAt)
    events.push(event('Normal', 'Retried', `${retryAnnotation} is ${retry}: what has failed is made anew.`));
  if (models !== undefined && models.done > (before?.models?.done ?? 0)) {
    const text = `${models.summary} models are trained (states ${models.states.done}).`;
    events.push(event('Normal', 'ModelTrained', text));
  }
  const keyOf = ({ job, reason, attempt = '' }: (typeof failures)[number]) => `${job} ${reason} ${attempt}`;
  const known = new Set(before?.failures?.map(keyOf));
  for (const failure of failures.filter((each) => !known.has(keyOf(each))))
    events.push({ type: 'Warning', reason: failure.reason, message: failureText([failure]) });
  for (const reason of ['ChildRefused', 'PodSecurity'] as const) {
    const refusal = (status: RunStatus | undefined) =>
      status?.conditions?.find((condition) => condition.type === 'Stalled' && condition.reason === reason);
    const refused = refusal(after);
    if (refused !== undefined && refusal(before) === undefined) events.push(event('Warning', reason, refused.message));
  }
  const warned = (status: RunStatus | undefined) =>
    status?.conditions?.find(({ type, status }) => type === 'ScheduleReachesNoise' && status === 'False');
  const warning = warned(after);
  if (warning !== undefined && warned(before) === undefined)
    events.push(event('Warning', 'TopStateNotNoise', warning.message));
  return events;
}

/** A warning for each failure signature that the report before did not have. */
function findingEvents(before: RunStatus | undefined, { results }: RunStatus): ObjectEvent[] {
  const known = new Set(before?.results?.findings?.map(({ signature }) => signature));
  const found = results?.findings ?? [];
  return found.flatMap(({ signature, message }) => (known.has(signature) ? [] : event('Warning', signature, message)));
}

function phaseEvents(before: RunStatus | undefined, { phase, conditions, results }: RunStatus): ObjectEvent[] {
  if (phase === undefined || phase === before?.phase) return [];
  if (phase === 'Failed') {
    const condition = conditions?.find(({ type }) => type === 'Failed');
    return [event('Warning', 'Failed', condition?.message ?? 'The run failed.')];
  }
  if (phase === 'Blocked') {
    const ready = conditions?.find(({ type }) => type === 'Ready');
    return [event('Warning', 'Blocked', ready?.message ?? 'The run is blocked.')];
  }
  const value = results?.display === undefined ? '' : ` ${results.display}`;
  const result =
    phase === 'Complete' && results !== undefined ? ` ${results.metric ?? 'Report'}${value} in ${results.path}.` : '';
  return [event('Normal', phase, `The run is ${phase.toLowerCase()}.${result}`)];
}

/** What a person who reads `kubectl describe` should know happened: only what changed between two statuses. */
export function transitionEvents(before: RunStatus | undefined, after: RunStatus, changes: Changes): ObjectEvent[] {
  return [
    ...dataEvents(before, after),
    ...changeEvents(changes),
    ...newsEvents(before, after),
    ...findingEvents(before, after),
    ...phaseEvents(before, after),
  ];
}
