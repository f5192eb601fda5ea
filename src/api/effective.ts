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

/** Drops what was not given, so that spreading an override replaces only the fields it names. */
function given<T extends object>(partial: T | undefined): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(partial ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** Settings of the model that covers `state`. Overrides do not overlap and cover whole models, so one state decides. */
export function effectiveSettings(spec: Spec, state: number): EffectiveSettings {
  const override = spec.overrides.find(({ states }) => {
    const { first, last } = parseStateRange(states);
    return first <= state && state <= last;
  });
  const { optimizer, ema, ...rest } = override?.training ?? {};
  return {
    model: { ...spec.model, ...given(override?.model) },
    training: {
      ...spec.training,
      ...given(rest),
      optimizer: { ...spec.training.optimizer, ...given(optimizer) },
      ema: { ...spec.training.ema, ...given(ema) },
    },
    podTemplate: override?.podTemplate,
  };
}
