import type { Report } from '../artifacts/report.ts';
import { definitions, digest } from './elements.ts';
import { counted, escapeHtml, grouped } from './text.ts';

/** "NVIDIA H100 80GB HBM3 (8 models), CPU (2)"; undefined where no model says. */
function trainedOn(models: Report['models']): string | undefined {
  const counts = new Map<string, number>();
  for (const { device } of models) if (device !== null) counts.set(device, (counts.get(device) ?? 0) + 1);
  if (counts.size === 0) return undefined;
  return [...counts].map(([device, count]) => `${escapeHtml(device)} (${counted(count, 'model')})`).join(', ');
}

/** Everything that is needed to make it again. */
export function provenance({ run, bundle, schedule, sampling, evaluation, models, software }: Report): string {
  const devices = trainedOn(models);
  const entries: [string, string][] = [
    ['run', escapeHtml(`${run.namespace}/${run.name}`)],
    [
      'schedule',
      `${escapeHtml(schedule.family)}, T = ${grouped(schedule.timesteps)}, ᾱ ${escapeHtml(schedule.alphas.toLowerCase())}`,
    ],
    ['bundle', `<code>${escapeHtml(bundle.path)}</code>, manifest's sha256 ${digest(bundle.digest)}`],
    [
      'sampling',
      `${counted(sampling.shards, 'shard')}, batches of ${sampling.batchSize}, seed ${sampling.seed}: neither shards nor pods change the samples`,
    ],
    ...(devices === undefined ? [] : [['trained on', devices] as [string, string]]),
    ...(evaluation === null
      ? []
      : [
          ['extractor', `${escapeHtml(evaluation.extractor)}, sha256 ${digest(evaluation.extractorDigest)}`] as [
            string,
            string,
          ],
        ]),
    [
      'software',
      `TensorFlow ${escapeHtml(software.tensorflow)} with ${counted(software.threads, 'thread')}, Node ${escapeHtml(software.node)}; evaluated on ${escapeHtml(software.device)}`,
    ],
  ];
  return `<h2>How it was made</h2><div class="card">${definitions(entries)}</div>`;
}
