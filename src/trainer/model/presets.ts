import { type Model, modelSchema } from '../../api/spec/model.ts';
import type { Conditions } from './conditioning.ts';

/** A network that people know: what a spec says of it under `model`, and the images and conditions that it was made for. */
export interface Preset {
  /** Where it comes from. */
  source: string;
  model: Model;
  /** Of what the network sees. */
  image: { size: number; channels: number };
  conditions: Conditions;
}

/** Of all of them: told the timestep as one model of all states is. Models of one state need no `timeEmbedding`. */
const common = { normGroups: 32, timeEmbedding: 'Always' } as const;

export const presets: Record<'ddpm-cifar10' | 'ldm-8-imagenet' | 'sd-2.1', Preset> = {
  'ddpm-cifar10': {
    source: 'Ho et al. 2020, as diffusers has it (google/ddpm-cifar10-32)',
    model: modelSchema.parse({
      ...common,
      baseChannels: 128,
      channelMultipliers: [1, 2, 2, 2],
      residualBlocks: 2,
      attentionResolutions: [16],
      normEpsilon: 1e-6,
      timeOrder: 'SineFirst',
      timeFrequencyShift: 1,
    }),
    image: { size: 32, channels: 3 },
    conditions: {},
  },
  'ldm-8-imagenet': {
    source: 'Rombach et al. 2022, LDM-8 of classes of ImageNet',
    model: modelSchema.parse({
      ...common,
      baseChannels: 256,
      channelMultipliers: [1, 2, 4],
      residualBlocks: 2,
      transformerDepths: [1, 1, 1],
      headChannels: 32,
      downsamplePadding: 'Both',
      classEmbedding: 'Token',
      classTokenWidth: 512,
    }),
    image: { size: 32, channels: 4 },
    conditions: { classes: 1000 },
  },
  'sd-2.1': {
    source: 'Stable Diffusion 2.1, with 77 tokens of its text encoder',
    model: modelSchema.parse({
      ...common,
      baseChannels: 320,
      channelMultipliers: [1, 2, 4, 4],
      residualBlocks: 2,
      transformerDepths: [1, 1, 1],
      headChannels: 64,
      projections: 'Linear',
      downsamplePadding: 'Both',
    }),
    image: { size: 64, channels: 4 },
    conditions: { context: { tokens: 77, width: 1024 } },
  },
};
