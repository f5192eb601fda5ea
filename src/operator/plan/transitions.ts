import type { RunStatus } from '../../api/status.ts';
import type { ObjectEvent } from '../kube/events.ts';
import type { Changes } from './children.ts';
import { claimNotice } from './claim.ts';
import { failureText } from './conditions.ts';

/** Names that an event lists at most. */
const most = 8;

const list = (names: readonly string[]) =>
  names.length <= most ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${names.length - most} more`;

/** What a person who reads `kubectl describe` should know happened: only what changed between two statuses. */
export function transitionEvents(
  before: RunStatus | undefined,
  after: RunStatus,
  changes: Pick<Changes, 'create' | 'remove' | 'suspend'>,
): ObjectEvent[] {
  const events: ObjectEvent[] = [];
  const normal = (reason: string, message: string) => events.push({ type: 'Normal', reason, message });
  const created = changes.create.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  if (created.length > 0) normal('Created', `Created ${list(created)}.`);
  for (const claim of changes.create.filter(({ kind }) => kind === 'PersistentVolumeClaim')) {
    const notice = claimNotice(claim);
    if (notice !== undefined) normal('ClaimOnOneNode', notice);
  }
  if (changes.remove.length > 0)
    normal('Deleted', `Deleted ${list(changes.remove.map(({ name }) => `Job ${name}`))}, not wanted any more.`);
  const [stopped, resumed] = [
    changes.suspend.filter(({ value }) => value),
    changes.suspend.filter(({ value }) => !value),
  ];
  if (stopped.length > 0)
    normal('Stopped', `Stopped the pods of ${list(stopped.map(({ name }) => name))}; their state is saved.`);
  if (resumed.length > 0) normal('Resumed', `Resumed ${list(resumed.map(({ name }) => name))}.`);

  const [doneBefore, done] = [before?.models?.done ?? 0, after.models?.done ?? 0];
  if (done > doneBefore)
    normal('ModelTrained', `${after.models?.summary} models are trained (states ${after.models?.states.done}).`);
  const known = new Set(before?.failures?.map(({ job, reason }) => `${job} ${reason}`));
  const fresh = after.failures?.filter(({ job, reason }) => !known.has(`${job} ${reason}`)) ?? [];
  for (const failure of fresh)
    events.push({ type: 'Warning', reason: failure.reason, message: failureText([failure]) });
  const warned = (status: RunStatus | undefined) =>
    status?.conditions?.find(({ type, status }) => type === 'ScheduleReachesNoise' && status === 'False');
  const warning = warned(after);
  if (warning !== undefined && warned(before) === undefined)
    events.push({ type: 'Warning', reason: warning.reason, message: warning.message });

  if (after.phase !== before?.phase) {
    const condition = after.conditions?.find(({ type }) => type === (after.phase === 'Failed' ? 'Failed' : 'Ready'));
    const result =
      after.phase === 'Complete' && after.results !== undefined
        ? ` ${after.results.metric ?? 'Report'}${after.results.display === undefined ? '' : ` ${after.results.display}`} in ${after.results.path}.`
        : '';
    const text =
      after.phase === 'Failed'
        ? (condition?.message ?? 'The run failed.')
        : `The run is ${after.phase?.toLowerCase()}.${result}`;
    events.push({
      type: after.phase === 'Failed' ? 'Warning' : 'Normal',
      reason: after.phase ?? 'Unknown',
      message: text,
    });
  }
  return events;
}
