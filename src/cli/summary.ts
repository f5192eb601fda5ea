import { join, resolve } from 'node:path';
import { reportFiles } from '../api/layout.ts';
import type { Run } from '../api/run.ts';
import { describeS3 } from '../api/spec/s3.ts';
import type { RunStatus } from '../api/status.ts';
import type { LocalCluster } from '../local/localCluster.ts';
import { runClaim } from '../operator/plan/volumes.ts';
import { counted, formatTime } from './display.ts';
import { caveatsOf, type View } from './view.ts';

/** Absolute folder of the run's volume; undefined where it has none. */
export function volumeFolder(run: Run, { folderOf }: Pick<LocalCluster, 'folderOf'>): string | undefined {
  const claim = runClaim(run);
  return claim === undefined ? undefined : resolve(folderOf(claim));
}

/** Where something of the run's store is: an absolute path of this machine, or in its bucket. */
export function inStore(run: Run, local: Pick<LocalCluster, 'folderOf'>, path: string): string {
  const { objectStore } = run.spec.checkpoints;
  if (objectStore !== undefined) return `${describeS3(objectStore)}/${path}`;
  return join(volumeFolder(run, local) ?? '', path);
}

function dataLines({ dataset }: RunStatus): string[] {
  if (dataset === undefined) return [];
  const { count, digest, leftOut, broken } = dataset;
  const without = [
    ...(leftOut === 0 ? [] : [`${counted(leftOut, 'other file')} left out`]),
    ...(broken === 0 ? [] : [`${counted(broken, 'broken image')} left out`]),
  ];
  return [`Data:    ${[counted(count, 'image'), ...without].join(', ')}`, `         sha256 ${digest}`];
}

function resultLines(run: Run, { results, bundle }: RunStatus, local: Pick<LocalCluster, 'folderOf'>): string[] {
  const lines: string[] = [];
  if (results !== undefined) {
    const folder = inStore(run, local, results.path);
    for (const { name, value } of results.metrics ?? []) {
      const covered = results.coverage === undefined ? '' : `, coverage ${results.coverage}`;
      lines.push(
        `${name}: ${Number(value.toPrecision(4))} (N = ${results.sampleCount}, ${results.extractor}${covered})`,
      );
    }
    lines.push(`Report:  ${folder}/${reportFiles.page}`, `Samples: ${folder}/${reportFiles.samples}`);
  }
  if (bundle !== undefined)
    lines.push(`Bundle:  ${inStore(run, local, bundle.path)}`, `         sha256 ${bundle.digest}`);
  return lines;
}

function failureLines({ failures = [], conditions = [] }: RunStatus, { logOf }: Pick<LocalCluster, 'logOf'>): string[] {
  const failed = conditions.find(({ type, status }) => type === 'Failed' && status === 'True');
  if (failed !== undefined && failures.length === 0) return [`${failed.reason}: ${failed.message}`];
  return failures.flatMap(({ job, pod, attempt, states, reason, message, log = [] }) => [
    `${states === undefined ? job : `Model of states ${states}`}${attempt === undefined ? '' : `, attempt ${attempt},`} failed: ${reason}: ${message}`,
    ...log.map((line) => `    ${line}`),
    ...(pod === undefined ? [] : [`    log: ${logOf(pod)}`]),
  ]);
}

/** What a person wants to know at the end of a run, as lines. */
export function summaryOf(
  run: Run,
  { phase, status, seconds }: Pick<View, 'phase' | 'status' | 'seconds'>,
  local: Pick<LocalCluster, 'folderOf' | 'logOf'>,
): string[] {
  const known = status ?? {};
  return [
    `${run.metadata.name} is ${phase.toLowerCase()} after ${formatTime(seconds)}.`,
    ...dataLines(known),
    ...resultLines(run, known, local),
    ...(known.results?.findings ?? []).map(({ signature, message }) => `${signature}: ${message}`),
    ...caveatsOf(known).map((text) => `Note: ${text}`),
    ...failureLines(known, local),
  ];
}
