import type { Evaluation } from '../../api/spec/evaluation.ts';
import { frechetMetric } from './frechet.ts';
import type { Metric } from './metric.ts';

/** The metrics by the name that a spec has for them. */
export const metrics = {
  FrechetDistance: frechetMetric,
} as const satisfies Record<Evaluation['metrics'][number], Metric>;
