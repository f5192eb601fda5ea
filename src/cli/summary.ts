import { join, resolve } from 'node:path';
import type { Run } from '../api/run.ts';
import type { LocalCluster } from '../local/localCluster.ts';
import { childNames } from '../operator/plan/identity.ts';
import { formatTime } from './display.ts';
import type { View } from './view.ts';

/** Absolute folder of something on the run's volume. */
export function onVolume(run: Run, { folderOf }: LocalCluster, path: string): string {
  const { claimName } = run.spec.checkpoints.volume.shared;
  return resolve(folderOf(claimName ?? childNames(run.metadata.name).claim), path);
}

/** What a person wants to know at the end of a run, as lines. */
export function summaryOf(run: Run, { phase, status, seconds }: View, local: LocalCluster): string[] {
  const { results, bundle, failures = [], conditions = [] } = status ?? {};
  const lines = [`${run.metadata.name} is ${phase.toLowerCase()} after ${formatTime(seconds)}.`];
  if (results !== undefined) {
    const folder = onVolume(run, local, results.path);
    if (results.frechetDistance !== undefined) {
      lines.push(`${results.metric}: ${results.display} (N = ${results.sampleCount}, ${results.extractor})`);
    }
    lines.push(`Report:  ${join(folder, 'report.html')}`, `Samples: ${join(folder, 'samples.png')}`);
  }
  if (bundle !== undefined)
    lines.push(`Bundle:  ${onVolume(run, local, bundle.path)}`, `         sha256 ${bundle.digest}`);
  for (const { job, pod, states, reason, message, log = [] } of failures) {
    lines.push(`${states === undefined ? job : `Model of states ${states}`} failed: ${reason}: ${message}`);
    lines.push(...log.map((line) => `    ${line}`));
    if (pod !== undefined) lines.push(`    log: ${local.logOf(pod)}`);
  }
  const failed = conditions.find((condition) => condition.type === 'Failed' && condition.status === 'True');
  if (failed !== undefined && failures.length === 0) lines.push(`${failed.reason}: ${failed.message}`);
  return lines;
}
