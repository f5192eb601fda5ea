import { modelSchema } from '../../src/api/spec/model.ts';
import type { UnetConfig } from '../../src/trainer/model/parameters.ts';

const option = (value: string) => ({ type: 'string', default: value }) as const;

/** What a network and its steps are said by on the command line. */
export const networkOptions = {
  channels: option('128'),
  multipliers: option('1,2,2,2'),
  attention: option('16'),
  size: option('32'),
  batch: option('8'),
  threads: option('2'),
  steps: option('3'),
} as const;

const numbers = (list: string) => list.split(',').filter(Boolean).map(Number);

export const networkOf = (values: Record<keyof typeof networkOptions, string>): UnetConfig => ({
  ...modelSchema.parse({}),
  imageSize: Number(values.size),
  imageChannels: 1,
  baseChannels: Number(values.channels),
  channelMultipliers: numbers(values.multipliers),
  residualBlocks: 1,
  attentionResolutions: numbers(values.attention),
});
