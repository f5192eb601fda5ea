import { setTimeout as wait } from 'node:timers/promises';
import { isTerminal } from '../api/status.ts';
import type { Interruption } from './interruption.ts';
import type { View } from './view.ts';

/** Milliseconds between two looks. */
const refresh = 250;
/** Seconds that processes may take to save after Ctrl-C: more than a pod's grace period. */
const saveSeconds = 90;

/** Exit code of a shell's program that Ctrl-C ended. */
const interruptedCode = 130;

/** What decides, besides the run's phase, whether there is more to wait for. */
export interface Moment {
  asked: boolean;
  atOnce: boolean;
  /** Seconds since all was decided, though processes may still have to end. */
  settledFor: number;
  /** No process runs. */
  quiet: boolean;
}

/** How a run ended: the exit code, and what to say; nothing where the end of the run says it. */
export interface Outcome {
  code: number;
  note?: string;
}

/** How it ends; undefined while it goes on. */
export function outcomeOf(
  { phase }: Pick<View, 'phase'>,
  { asked, atOnce, settledFor, quiet }: Moment,
): Outcome | undefined {
  const giveUp = atOnce || settledFor > saveSeconds;
  if (isTerminal(phase) && (quiet || giveUp)) return { code: phase === 'Complete' ? 0 : 1 };
  if (phase === 'Suspended' && quiet) {
    return asked
      ? { code: interruptedCode, note: 'Suspended. The same command goes on from here.' }
      : { code: 0, note: 'The run is suspended: spec.suspend is true.' };
  }
  if (giveUp) return { code: interruptedCode, note: 'Stopped. The same command goes on from the last checkpoints.' };
  return undefined;
}

export interface Followed {
  look: () => View;
  /** Told of every look. */
  onView: (view: View) => void;
  interruption: Pick<Interruption, 'asked' | 'atOnce'>;
  /** Processes that run. */
  processes: () => number;
}

/** Watches a run until it ends. */
export async function follow({
  look,
  onView,
  interruption,
  processes,
}: Followed): Promise<{ view: View; outcome: Outcome }> {
  let settledAt: number | undefined;
  for (;;) {
    const view = look();
    onView(view);
    const { asked, atOnce } = interruption;
    const now = performance.now() / 1000;
    if (asked || isTerminal(view.phase) || view.phase === 'Suspended') settledAt ??= now;
    const settledFor = settledAt === undefined ? 0 : now - settledAt;
    const outcome = outcomeOf(view, { asked, atOnce, settledFor, quiet: processes() === 0 });
    if (outcome !== undefined) return { view, outcome };
    await wait(refresh);
  }
}
