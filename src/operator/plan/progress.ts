import { compact } from '../../api/compact.ts';
import type { RunStatus } from '../../api/status.ts';
import type { Children } from './children.ts';
import type { Observed } from './observed.ts';

/** Seconds; what would take a thousand years is not known. */
const longestEta = 1000 * 365 * 24 * 3600;

/** Progress of training: finished models count whole, running ones as far as their pods said they are. */
export function progressOf(
  { models }: Pick<Children, 'models'>,
  observed: Observed,
): NonNullable<RunStatus['progress']> {
  const reports = new Map(
    observed.pods.flatMap((pod) => {
      const progress = pod.phase === 'Running' ? observed.progress.get(pod.name) : undefined;
      return progress === undefined ? [] : [[pod.job, progress] as const];
    }),
  );
  const running = new Set(observed.pods.flatMap(({ job, phase }) => (phase === 'Running' ? [job] : [])));
  let [images, imagesTotal, imagesPerSecond] = [0, 0, 0];
  let [working, heard] = [0, 0];
  for (const { wanted: job, phase, model } of models) {
    const { images: wanted, batchSize } = model.settings.training;
    const total = Math.ceil(wanted / batchSize) * batchSize;
    const report = phase === 'active' ? reports.get(job?.name ?? '') : undefined;
    imagesTotal += total;
    images += phase === 'done' ? total : Math.min(total, Math.floor(report?.done ?? 0));
    imagesPerSecond += report?.perSecond ?? 0;
    if (phase === 'active' && running.has(job?.name ?? '')) working++;
    if (report !== undefined) heard++;
  }
  // Pods are asked in turn: those that have not been asked yet are taken to be as fast as the others.
  if (heard > 0) imagesPerSecond *= working / heard;
  const percent = imagesTotal === 0 ? 100 : Math.floor((100 * images) / imagesTotal);
  // What pods say is not trusted to be sensible: the API server refuses a whole status for one number that it cannot hold.
  const rounded = Number(imagesPerSecond.toPrecision(3));
  if (rounded === 0 || !Number.isFinite(rounded)) return { images, imagesTotal, percent };
  const eta = Math.round((imagesTotal - images) / imagesPerSecond);
  const etaSeconds = eta <= longestEta ? eta : undefined;
  return compact({ images, imagesTotal, percent, imagesPerSecond: rounded, etaSeconds });
}
