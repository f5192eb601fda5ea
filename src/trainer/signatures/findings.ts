import type { Finding } from '../artifacts/finding.ts';
import { behindFinding } from './behindFinding.ts';
import { deviationOf } from './contrast.ts';
import { risingFinding, stalledFinding } from './lossFindings.ts';
import { type Recorded, summarize } from './recorded.ts';
import { washedOutFinding } from './washedOutFinding.ts';

/**
 * The failure signatures in what a run has recorded, one finding of each at most, in their order. A function of its argument
 * alone. None of them stops a run: a person may want just this.
 */
export function findSignatures(recorded: Recorded): Finding[] {
  const { models, trajectory } = recorded;
  const data = summarize(recorded.data);
  const found = [
    risingFinding(models),
    stalledFinding(models, data),
    behindFinding(models, trajectory, deviationOf(recorded.data)),
    washedOutFinding(recorded, data),
  ];
  return found.filter((finding) => finding !== undefined);
}
