import { z } from 'zod';
import { withRules } from '../rules.ts';
import { modelOverrideSchema } from './model.ts';
import { podTemplateSchema } from './podTemplate.ts';
import { parseStateRange, stateRange } from './stateRange.ts';
import { trainingOverrideSchema } from './training.ts';

const overrideSchema = z.strictObject({
  states: stateRange('The states it is for: "8" or "8-9", 0 being the cleanest. Whole models only.'),
  model: modelOverrideSchema.optional(),
  training: trainingOverrideSchema.optional(),
  podTemplate: podTemplateSchema.optional(),
});

export const overridesSchema = withRules(
  z.array(overrideSchema).max(32).default([]).describe('Other settings for ranges of states. Ranges must not overlap.'),
  [
    {
      cel: "self.all(a, self.exists_one(b, int(a.states.split('-')[0]) <= int(b.states.split('-')[b.states.split('-').size() - 1]) && int(b.states.split('-')[0]) <= int(a.states.split('-')[a.states.split('-').size() - 1])))",
      message: 'overrides must not overlap: a state may be named by one override only',
      check: (overrides) => {
        const ranges = overrides.map(({ states }) => parseStateRange(states));
        return ranges.every((a) => ranges.filter((b) => a.first <= b.last && b.first <= a.last).length === 1);
      },
    },
  ],
);

export type Override = z.output<typeof overrideSchema>;
