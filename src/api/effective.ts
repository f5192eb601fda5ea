import { compact } from './compact.ts';
import type { PodTemplate } from './spec/execution.ts';
import type { Model } from './spec/model.ts';
import { parseStateRange } from './spec/overrides.ts';
import type { Spec } from './spec/spec.ts';
import type { Training } from './spec/training.ts';

/** What one model is trained with, once its override is applied. */
export interface EffectiveSettings {
  model: Model;
  training: Training;
  /** Of the override; merged after `execution.podTemplate`. */
  podTemplate: PodTemplate | undefined;
}

/** Settings of the model that covers `state`. Overrides do not overlap and cover whole models, so one state decides. */
export function effectiveSettings(spec: Spec, state: number): EffectiveSettings {
  const override = spec.overrides.find(({ states }) => {
    const { first, last } = parseStateRange(states);
    return first <= state && state <= last;
  });
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
