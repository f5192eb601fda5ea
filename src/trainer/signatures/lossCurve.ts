import type { LossPoint } from '../artifacts/checkpoint.ts';
import { median, spread } from './robust.ts';

/** A curve is judged by the medians of its eighths, so that no single batch decides. */
const parts = 8;
/** Three points for each median at least; a shorter training shows no trend. */
const leastPoints = 3 * parts;

/** A loss that ends a quarter above its lowest is worth a look; what is less may be the data. */
const leastRise = Math.log(1.25);
/** In standard errors: of thousands of curves none of which rises, no one does so by chance. */
const certain = 5;
/** A loss that falls by less than 2 % from the third quarter to the last has stopped falling. */
const leastFall = Math.log(1.02);
/** In standard errors. Falling is what a loss should do, so less is asked of the proof. */
const likely = 3;

interface Levels {
  /** Median log loss of each eighth. */
  levels: number[];
  /** Standard error of a median, in the same unit. */
  error: number;
}

/** undefined where the curve is too short to be judged. */
function levelsOf(losses: readonly LossPoint[]): Levels | undefined {
  const logs = losses.filter(({ loss }) => loss > 0).map(({ loss }) => Math.log(loss));
  if (logs.length < leastPoints) return undefined;
  const at = (part: number) => Math.floor((part * logs.length) / parts);
  const levels = Array.from({ length: parts }, (_, part) => median(logs.slice(at(part), at(part + 1))));
  // Neighbouring points differ by their noise alone: a trend is small from one to the next.
  const steps = logs.slice(1).map((log, i) => log - (logs[i] as number));
  const usual = median(steps);
  const noise = spread(steps.map((step) => step - usual)) / Math.SQRT2;
  return { levels, error: (Math.sqrt(Math.PI / 2) * noise) / Math.sqrt(logs.length / parts) };
}

/** How a loss has come up from its lowest. Losses are medians of an eighth of the training. */
export interface Rise {
  lowest: number;
  last: number;
}

/**
 * Whether a loss diverges without ceasing to be a number: both of its last eighths are well above the lowest before them. A
 * peak that has passed is none.
 */
export function riseOf(losses: readonly LossPoint[]): Rise | undefined {
  const known = levelsOf(losses);
  if (known === undefined) return undefined;
  const { levels, error } = known;
  const lowest = Math.min(...levels.slice(0, -2));
  const last = Math.min(...levels.slice(-2));
  if (last - lowest <= Math.max(leastRise, certain * Math.SQRT2 * error)) return undefined;
  return { lowest: Math.exp(lowest), last: Math.exp(last) };
}

/** Where a loss has come to rest. */
export interface Rest {
  loss: number;
  /** What it may be in truth, for all that its noise tells. */
  atLeast: number;
}

/** Where a curve rests whose last quarter is not below the one before; undefined where it still falls. */
export function restOf(losses: readonly LossPoint[]): Rest | undefined {
  const known = levelsOf(losses);
  if (known === undefined) return undefined;
  const { levels, error } = known;
  const [third, last] = [levels.slice(4, 6), levels.slice(6)].map(median) as [number, number];
  if (third - last >= Math.max(leastFall, likely * error)) return undefined;
  return { loss: Math.exp(last), atLeast: Math.exp(last - likely * error) };
}

/** Points at the end of a curve whose mean is its final loss: an eighth, as above. */
const finalPart = 1 / parts;

/** Mean loss of the last eighth of a curve. undefined where there is none. */
export function finalLoss(losses: readonly LossPoint[]): number | undefined {
  const last = losses.slice(-Math.max(1, Math.floor(losses.length * finalPart)));
  return last.length === 0 ? undefined : last.reduce((sum, { loss }) => sum + loss, 0) / last.length;
}
