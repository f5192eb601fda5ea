import { compact } from '../../api/compact.ts';
import { runDirectory, runLayout } from '../../api/layout.ts';
import { type Component, components } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import type { RunStatus } from '../../api/status.ts';
import { isDone } from './child.ts';
import { type Children, isOver } from './children.ts';
import { coverageOf } from './holes.ts';
import type { ObservedJob } from './observed.ts';
import { messageDueIn, podsOf, resultOf } from './pods.ts';
import { steps } from './steps.ts';

/** What the steps have reported, and what of it is missing. */
export interface Results {
  dataset: RunStatus['dataset'];
  bundle: RunStatus['bundle'];
  results: RunStatus['results'];
  /** Steps whose Jobs are done, but what they report is not known yet. */
  awaited: readonly Component[];
  /** Their Jobs, where the pods went before the message was read. Made anew, they find what they made and say so again. */
  lost: readonly ObservedJob[];
  /** Milliseconds until one of the awaited is given up or lost; undefined where none is awaited, or for longer already. */
  waitMs: number | undefined;
  /** The first step that is not over; undefined where all are. */
  current: Component | undefined;
}

function bundleOf({ metadata, spec, status }: Run, { of, addresses, pods, holes }: Children): RunStatus['bundle'] {
  const before = status?.bundle; // the pod may have gone since
  if (addresses === undefined) return before;
  const said = resultOf(pods, of.aggregate.at(-1)?.wanted?.name ?? '', 'aggregate');
  if (said !== undefined) return compact({ path: said.path, digest: said.digest, coverage: coverageOf(spec, holes) });
  const path = runLayout(runDirectory(metadata.name)).bundle(addresses.bundle);
  return before?.path === path ? before : undefined;
}

function resultsOf({ metadata, status }: Run, { of, addresses, pods }: Children): RunStatus['results'] {
  const before = status?.results;
  if (addresses === undefined) return before;
  const said = resultOf(pods, of.evaluate.at(-1)?.wanted?.name ?? '', 'evaluate');
  if (said === undefined) {
    const path = runLayout(runDirectory(metadata.name)).report(addresses.report);
    return before?.path === path ? before : undefined;
  }
  const { kind: _, metrics, caveats, ...rest } = said;
  const [first] = metrics;
  return compact({
    ...rest,
    metric: first?.name,
    frechetDistance: first?.value,
    display:
      first && `${Number(first.value.toPrecision(4))}${rest.coverage === undefined ? '' : ` (${rest.coverage})`}`,
    metrics: metrics.length === 0 ? undefined : metrics.slice(0, 8),
    caveats: caveats.length === 0 ? undefined : caveats,
  });
}

/** Reads what the steps have reported from the termination messages of their pods, or from the status where those have gone. */
export function reportedOf(run: Run, children: Children, now: Date): Results {
  const { spec } = run;
  const known = { dataset: children.dataset, bundle: bundleOf(run, children), results: resultsOf(run, children) };
  const awaited: Component[] = [];
  const lost: ObservedJob[] = [];
  const waits: number[] = [];
  for (const step of components) {
    const { reports } = steps[step];
    if (reports === undefined || known[reports] !== undefined || !isDone(children.of[step])) continue;
    const job = children.of[step].at(-1)?.job;
    if (job === undefined) continue;
    const wait = messageDueIn(job, now);
    const gone = wait !== undefined && wait < 0 && podsOf(children.pods, job.name).length === 0;
    const isLost = gone && !job.deleting && !spec.suspend && !spec.cancel;
    if (isLost) lost.push(job);
    const isDue = wait !== undefined && wait >= 0;
    if (isDue) waits.push(wait + 1);
    // Nothing can go on without the data; without the other results it can, once they have been waited for.
    if (isLost || reports === 'dataset' || isDue) awaited.push(step);
  }
  const current = components.find((step) => !isOver(children, step) || awaited.includes(step));
  return { ...known, awaited, lost, waitMs: waits.length === 0 ? undefined : Math.min(...waits), current };
}
