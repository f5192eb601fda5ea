import type { Extractor } from '../../api/task.ts';
import type { LinearAlgebra } from '../engine/float64.ts';
import type { Statistics } from './statistics.ts';

/** What a metric is given besides the features' statistics. */
export interface MetricTools {
  algebra: LinearAlgebra;
  /** Whose features they are. */
  extractor: Extractor['name'];
}

/** One number that judges the samples. */
export interface Measurement {
  /** As people know it, which may depend on the extractor. */
  name: string;
  value: number;
  /** What else its computation tells, by name. */
  details: Record<string, number>;
  /** What to know before comparing it with another. */
  caveats: string[];
}

/** A judgement of samples by the features that the evaluation's extractor gives them, against those of a reference. */
export interface Metric {
  /** Fewest images that it can judge, and be judged by. */
  leastImages: number;
  compute: (samples: Statistics, reference: Statistics, tools: MetricTools) => Measurement;
}
