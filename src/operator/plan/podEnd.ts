import { ExitCode } from '../../api/exitCodes.ts';
import { parseTermination } from '../../api/termination.ts';
import type { ObservedPod } from './observed.ts';

const logLines = 12;

/** The end of a log, in characters that the API server stores as they are. */
export const tailOf = (lines: readonly string[]): string[] => lines.slice(-logLines).map((line) => line.toWellFormed());

export const endedBadly = ({ terminated }: ObservedPod): boolean =>
  terminated !== undefined && terminated.exitCode !== 0;

/** Whether it ended because it was asked to. */
export const wasStopped = ({ terminated }: ObservedPod): boolean =>
  terminated?.exitCode === ExitCode.Interrupted || terminated?.exitCode === ExitCode.Fenced;

/** What a pod's own termination message says of its failure; undefined where it left none. */
export function saidBy({ terminated }: ObservedPod): { reason: string; message: string; log: string[] } | undefined {
  const said = parseTermination(terminated?.message);
  if (said?.outcome !== 'Failed') return undefined;
  const { code, message, where, hint, log } = said;
  const text = `${message}${where === undefined ? '' : ` (${where})`}${hint === undefined ? '' : ` ${hint}`}`;
  return { reason: code, message: text, log };
}

/** The last lines that a pod logged, which stand in its termination message where it left none itself. */
export function logOf(pod: ObservedPod): string[] | undefined {
  const lines = saidBy(pod)?.log ?? pod.terminated?.message?.trimEnd().split('\n');
  return lines && tailOf(lines);
}

/** How Kubernetes saw it end. One that was evicted before it had a container has no exit code. */
export function howItEnded({ terminated }: ObservedPod): string {
  const { exitCode = -1, reason = 'Failed' } = terminated ?? {};
  return exitCode < 0 ? `failed (${reason})` : `ended with exit code ${exitCode} (${reason})`;
}
