import type { Report } from '../artifacts/report.ts';
import { definitions, digest } from './elements.ts';
import { counted, escapeHtml, grouped } from './text.ts';

/** Everything that is needed to make it again. */
export function provenance({ run, bundle, schedule, sampling, evaluation, software }: Report): string {
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
      `TensorFlow ${escapeHtml(software.tensorflow)} with ${counted(software.threads, 'thread')}, Node ${escapeHtml(software.node)}`,
    ],
  ];
  return `<h2>How it was made</h2><div class="card">${definitions(entries)}</div>`;
}
