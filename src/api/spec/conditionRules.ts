import type { Rule } from '../rules.ts';
import type { Dataset } from './dataset.ts';
import type { Model } from './model.ts';
import type { Override } from './overrides.ts';
import type { Sampling } from './sampling.ts';
import { parseStateRange } from './stateRange.ts';
import type { Training } from './training.ts';

/** The parts of a spec that conditions tie together. */
interface Conditioned {
  schedule: { states: number };
  dataset: Pick<Dataset, 'labels' | 'contexts'>;
  model: Pick<Model, 'transformerDepths' | 'classEmbedding'>;
  training: Pick<Training, 'conditionDropout'>;
  overrides: readonly Pick<Override, 'states' | 'training'>[];
  sampling: Pick<Sampling, 'guidance' | 'labels' | 'contexts'>;
}

const hasConditions = ({ dataset }: Conditioned) => dataset.labels !== undefined || dataset.contexts !== undefined;

/** Whether an override concerns a state that is sampled with guidance. */
function isGuided(override: Pick<Override, 'states'>, { guidance }: Conditioned['sampling']): boolean {
  if (guidance.states === undefined) return true;
  const [own, guided] = [parseStateRange(override.states), parseStateRange(guidance.states)];
  return own.first <= guided.last && guided.first <= own.last;
}

const first = (range: string) => `int(${range}.split('-')[0])`;
const last = (range: string) => `int(${range}.split('-')[${range}.split('-').size() - 1])`;
const [own, guided] = ['o.states', 'self.sampling.guidance.states'];

/** Which settings of data, training and sampling make sense together only where there are conditions. */
export const conditionRules: Rule<Conditioned>[] = [
  {
    cel: 'has(self.dataset.labels) || has(self.dataset.contexts) || (self.training.conditionDropout == 0.0 && self.overrides.all(o, !has(o.training) || !has(o.training.conditionDropout) || o.training.conditionDropout == 0.0))',
    message: 'conditionDropout needs conditions: set dataset.labels or dataset.contexts, or leave it out',
    path: ['training', 'conditionDropout'],
    check: (s) =>
      hasConditions(s) ||
      (s.training.conditionDropout === 0 && s.overrides.every((o) => (o.training?.conditionDropout ?? 0) === 0)),
  },
  {
    cel: '!has(self.sampling.labels) || has(self.dataset.labels)',
    message: 'sampling.labels needs classes: set dataset.labels, or leave it out',
    path: ['sampling', 'labels'],
    check: (s) => s.sampling.labels === undefined || s.dataset.labels !== undefined,
  },
  {
    cel: '!has(self.sampling.labels) || !has(self.sampling.labels.list) || !has(self.dataset.labels) || self.sampling.labels.list.all(l, l < self.dataset.labels.classes)',
    message: 'sampling.labels.list must name classes that there are: from 0 to dataset.labels.classes − 1',
    path: ['sampling', 'labels', 'list'],
    check: ({ sampling, dataset }) =>
      (sampling.labels?.list ?? []).every((label) => dataset.labels === undefined || label < dataset.labels.classes),
  },
  {
    cel: 'has(self.sampling.contexts) == has(self.dataset.contexts)',
    message:
      'sampling.contexts and dataset.contexts go together: a network that learns from contexts is sampled with contexts',
    path: ['sampling', 'contexts'],
    check: (s) => (s.sampling.contexts === undefined) === (s.dataset.contexts === undefined),
  },
  {
    cel: '!has(self.dataset.contexts) || self.model.transformerDepths.exists(d, d > 0)',
    message: 'dataset.contexts needs transformers that look at it: set model.transformerDepths',
    path: ['dataset', 'contexts'],
    check: ({ dataset, model }) => dataset.contexts === undefined || model.transformerDepths.some((depth) => depth > 0),
  },
  {
    cel: 'self.sampling.guidance.scale == 1.0 || has(self.dataset.labels) || has(self.dataset.contexts)',
    message: 'guidance needs conditions: set dataset.labels or dataset.contexts, or leave scale at 1',
    path: ['sampling', 'guidance', 'scale'],
    check: (s) => s.sampling.guidance.scale === 1 || hasConditions(s),
  },
  {
    cel: "self.sampling.guidance.scale == 1.0 || has(self.dataset.contexts) || !has(self.dataset.labels) || self.model.classEmbedding != 'None'",
    message:
      'guidance needs models that are told the class: set model.classEmbedding to Added or Token, or leave scale at 1',
    path: ['sampling', 'guidance', 'scale'],
    check: ({ sampling, dataset, model }) =>
      sampling.guidance.scale === 1 ||
      dataset.contexts !== undefined ||
      dataset.labels === undefined ||
      model.classEmbedding !== 'None',
  },
  {
    cel: '!(has(self.dataset.labels) || has(self.dataset.contexts)) || self.sampling.guidance.scale == 1.0 || self.training.conditionDropout > 0.0',
    message:
      'guidance needs models that know images without their condition: set training.conditionDropout, such as to 0.1, or leave scale at 1',
    path: ['sampling', 'guidance', 'scale'],
    check: (s) => !hasConditions(s) || s.sampling.guidance.scale === 1 || s.training.conditionDropout > 0,
  },
  {
    cel: `self.sampling.guidance.scale == 1.0 || self.overrides.all(o, !has(o.training) || !has(o.training.conditionDropout) || o.training.conditionDropout > 0.0 || (has(${guided}) && (${first(own)} > ${last(guided)} || ${first(guided)} > ${last(own)})))`,
    message:
      'an override sets conditionDropout to 0 for states that are sampled with guidance: leave them out of guidance.states',
    path: ['overrides'],
    check: (s) =>
      s.sampling.guidance.scale === 1 ||
      s.overrides.every((o) => o.training?.conditionDropout !== 0 || !isGuided(o, s.sampling)),
  },
  {
    cel: `!has(${guided}) || ${last(guided)} < self.schedule.states`,
    message: 'guidance.states names a state that does not exist: states run from 0 to schedule.states − 1',
    path: ['sampling', 'guidance', 'states'],
    check: ({ sampling, schedule }) =>
      sampling.guidance.states === undefined || parseStateRange(sampling.guidance.states).last < schedule.states,
  },
];
