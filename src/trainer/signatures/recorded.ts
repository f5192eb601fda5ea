import type { GaussianData } from '../../diffusion/gaussian.ts';
import { yardstickLosses } from '../../diffusion/gaussian.ts';
import type { Report } from '../artifacts/report.ts';
import type { Trajectory } from '../artifacts/samples.ts';
import type { MomentSums, Moments } from '../data/moments.ts';

export type TrainedModel = Report['models'][number];

/** What a run has recorded that signatures are looked for in. */
export interface Recorded {
  schedule: Report['schedule'];
  eta: number;
  /** In the order of their states. */
  models: readonly TrainedModel[];
  /** Of the data, as a network sees them. */
  data: Moments;
  /** Of all samples, as pictures; undefined where networks see something else: pictures of latents compare with no moments of theirs. */
  samples: MomentSums | undefined;
  /** As pictures; undefined too where networks see something else. */
  trajectory: Trajectory | undefined;
}

/** Values that stand for all of an image's: a schedule is judged by thousands of closed forms. */
const representatives = 64;

/** The data's moments, as few values that stand for equally many each: those of about equal deviation together. */
export function summarize({ mean, deviation }: Moments): GaussianData[] {
  const sorted = Array.from(deviation, (own, i) => ({ deviation: own, mean: mean[i] as number })).sort(
    (a, b) => a.deviation - b.deviation,
  );
  const count = Math.min(representatives, sorted.length);
  const at = (part: number) => Math.floor((part * sorted.length) / count);
  return Array.from({ length: count }, (_, part) => {
    const group = sorted.slice(at(part), at(part + 1));
    const root = (of: (value: GaussianData) => number) =>
      Math.sqrt(group.reduce((sum, value) => sum + of(value) ** 2, 0) / group.length);
    return { deviation: root((value) => value.deviation), mean: root((value) => value.mean) };
  });
}

/** What a model's loss is measured by, averaged over its states. */
export function yardsticksOf({ states, prediction }: TrainedModel, data: readonly GaussianData[]) {
  const each = states.map(({ alphaBar }) => yardstickLosses(prediction, alphaBar, data));
  const meanOf = (name: 'untrained' | 'affine') => each.reduce((sum, losses) => sum + losses[name], 0) / each.length;
  return { untrained: meanOf('untrained'), affine: meanOf('affine') };
}
