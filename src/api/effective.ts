import { compact } from './compact.ts';
import type { PodTemplate } from './spec/execution.ts';
import type { Model } from './spec/model.ts';
import type { Override } from './spec/overrides.ts';
import type { Spec } from './spec/spec.ts';
import { parseStateRange } from './spec/stateRange.ts';
import type { Training } from './spec/training.ts';

/** What one model is trained with, once its override is applied. */
export interface EffectiveSettings {
  model: Model;
  training: Training;
  /** Of the override; merged after `execution.podTemplate`. */
  podTemplate: PodTemplate | undefined;
}

/** The override of a state, if it has one: overrides do not overlap. */
export const overrideOf = ({ overrides }: Spec, state: number): Override | undefined =>
  overrides.find(({ states }) => {
    const { first, last } = parseStateRange(states);
    return first <= state && state <= last;
  });

/** Settings of the models that an override covers, or of those that none does. */
export function effectiveSettings(spec: Spec, override: Override | undefined): EffectiveSettings {
  const { optimizer = {}, ema = {}, ...rest } = override?.training ?? {};
  // A field that is there and undefined was not given, and replaces nothing.
  return {
    model: { ...spec.model, ...compact(override?.model ?? {}) },
    training: {
      ...spec.training,
      ...compact(rest),
      optimizer: { ...spec.training.optimizer, ...compact(optimizer) },
      ema: { ...spec.training.ema, ...compact(ema) },
    },
    podTemplate: override?.podTemplate,
  };
}
