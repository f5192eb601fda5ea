import { formatRanges, formatRangesBriefly } from '../../api/ranges.ts';
import type { TrainedModel } from './recorded.ts';

/** Ranges that a sentence names. */
const mostRanges = 4;
/** Overrides that a spec may have. */
const mostOverrides = 32;

const indices = (models: readonly Pick<TrainedModel, 'states'>[]): number[] =>
  models.flatMap(({ states }) => states.map(({ index }) => index)).sort((a, b) => a - b);

/** States of models as ranges, whole. */
export const rangesOf = (models: readonly Pick<TrainedModel, 'states'>[]): string => formatRanges(indices(models));

/** "state 4", "states 4-6,9". */
export function statesText(models: readonly Pick<TrainedModel, 'states'>[]): string {
  const all = indices(models);
  return `state${all.length === 1 ? '' : 's'} ${formatRangesBriefly(all, mostRanges)}`;
}

/** To so many significant digits. */
export const rounded = (value: number, digits = 2): number => Number(value.toPrecision(digits));

/** An override for each range of the models' states, or the block for all where they are too many for that. */
export function overrideYaml(models: readonly Pick<TrainedModel, 'states'>[], training: string): string {
  const ranges = rangesOf(models).split(',');
  if (ranges.length > mostOverrides) return `training: ${training}`;
  return ['overrides:', ...ranges.map((range) => `  - { states: "${range}", training: ${training} }`)].join('\n');
}
