import { compact } from '../compact.ts';
import type { Rule } from '../rules.ts';
import type { Model } from './model.ts';
import type { Override } from './overrides.ts';

/** A rule within `model`. */
interface ModelRule {
  field: keyof Model;
  message: string;
  /** CEL. @param of gives what stands for a field */
  cel: (of: (field: keyof Model) => string) => string;
  check: (model: Model) => boolean;
}

const rules: readonly ModelRule[] = [
  {
    field: 'normGroups',
    message: 'normGroups must divide baseChannels',
    cel: (of) => `${of('baseChannels')} % ${of('normGroups')} == 0`,
    check: ({ baseChannels, normGroups }) => baseChannels % normGroups === 0,
  },
  {
    field: 'headChannels',
    message: 'headChannels must divide the channels of every level: baseChannels times each of channelMultipliers',
    cel: (of) =>
      `${of('headChannels')} == 0 || ${of('channelMultipliers')}.all(m, m * ${of('baseChannels')} % ${of('headChannels')} == 0)`,
    check: ({ baseChannels, channelMultipliers, headChannels }) =>
      headChannels === 0 || channelMultipliers.every((multiplier) => (multiplier * baseChannels) % headChannels === 0),
  },
  {
    field: 'transformerDepths',
    message: 'transformerDepths must not be longer than channelMultipliers: it has a depth per level',
    cel: (of) => `${of('transformerDepths')}.size() <= ${of('channelMultipliers')}.size()`,
    check: ({ channelMultipliers, transformerDepths }) => transformerDepths.length <= channelMultipliers.length,
  },
  {
    field: 'classEmbedding',
    message: 'classEmbedding Token needs transformers that look at it: set transformerDepths',
    cel: (of) => `${of('classEmbedding')} != 'Token' || ${of('transformerDepths')}.exists(d, d > 0)`,
    check: ({ classEmbedding, transformerDepths }) =>
      classEmbedding !== 'Token' || transformerDepths.some((depth) => depth > 0),
  },
];

interface Networks {
  model: Model;
  overrides: readonly Override[];
}

/** Rules of a network, for the run's own and for that of each override. */
export const modelRules: readonly Rule<Networks>[] = rules.flatMap(({ field, message, cel, check }) => [
  {
    cel: cel((name) => `self.model.${name}`),
    message: `model.${message}`,
    path: ['model', field],
    check: ({ model }: Networks) => check(model),
  },
  {
    cel: `self.overrides.all(o, !has(o.model) || (${cel((name) => `(has(o.model.${name}) ? o.model.${name} : self.model.${name})`)}))`,
    message: `an override’s model.${message}`,
    path: ['overrides'],
    check: ({ model, overrides }: Networks) =>
      overrides.every((each) => each.model === undefined || check({ ...model, ...compact(each.model) })),
  },
]);
