import type { GaussianData } from '../../diffusion/gaussian.ts';
import type { Finding } from '../artifacts/finding.ts';
import { restOf, riseOf } from './lossCurve.ts';
import { type TrainedModel, yardsticksOf } from './recorded.ts';
import { overrideYaml, rangesOf, rounded, statesText } from './texts.ts';

/** A third is the least change of a learning rate that is likely to be seen. */
const slower = 1 / 3;
/** Of what the data's mean and deviation alone teach, the part that a model which has stopped should have learned. */
const leastLearned = 0.8;
/** A loss within 5 % of that of mean and deviation is as good, by the noise of its batches. */
const asGood = 1.05;

interface Remedy {
  remedy: string;
  yaml: string;
}

function learnSlower(models: readonly TrainedModel[]): Remedy {
  const rates = models.flatMap(({ learningRate }) => learningRate ?? []);
  const remedy = 'Lower training.optimizer.learningRate for these states in an override, or set gradientClipNorm';
  if (rates.length === 0) return { remedy: `${remedy}.`, yaml: '' };
  const rate = rounded(Math.min(...rates) * slower);
  return {
    remedy: `${remedy}; ${rate} instead of ${rounded(Math.max(...rates))}, say.`,
    yaml: overrideYaml(models, `{ optimizer: { learningRate: ${rate} } }`),
  };
}

const rowOf = (model: TrainedModel, numbers: Record<string, number>) => ({ what: statesText([model]), numbers });

/** Models whose loss rises in the end. */
export function risingFinding(models: readonly TrainedModel[]): Finding | undefined {
  const found = models.flatMap((model) => {
    const rise = riseOf(model.losses);
    return rise === undefined ? [] : [{ model, ...rise, times: rise.last / rise.lowest }];
  });
  if (found.length === 0) return undefined;
  const rising = found.map(({ model }) => model);
  const most = rounded(Math.max(...found.map(({ times }) => times)));
  return {
    signature: 'LossRising',
    states: rangesOf(rising),
    message: `The loss of ${statesText(rising)} rises: at the end it is ${found.length === 1 ? '' : 'up to '}${most} times its lowest.`,
    ...learnSlower(rising),
    evidence: found.map(({ model, lowest, last, times }) =>
      rowOf(model, { 'lowest loss': lowest, 'last loss': last, times }),
    ),
  };
}

/**
 * Models whose loss has stopped falling though they know less than mean and deviation of the data alone tell. A loss that
 * rests lower has converged.
 */
export function stalledFinding(models: readonly TrainedModel[], data: readonly GaussianData[]): Finding | undefined {
  const found = models.flatMap((model) => {
    const rest = restOf(model.losses);
    if (rest === undefined) return [];
    const { loss, atLeast } = rest;
    const { untrained, affine } = yardsticksOf(model, data);
    const learned = (untrained - atLeast) / (untrained - affine);
    return atLeast > asGood * affine && !(learned >= leastLearned) ? [{ model, loss, untrained, affine }] : [];
  });
  const [first] = found;
  if (first === undefined) return undefined;
  const stalled = found.map(({ model }) => model);
  const { remedy, yaml } = learnSlower(stalled);
  const one = ` at ${rounded(first.loss)}: mean and deviation of the data alone would give ${rounded(first.affine)}`;
  return {
    signature: 'LossStalled',
    states: rangesOf(stalled),
    message: `The loss of ${statesText(stalled)} stands still${found.length === 1 ? one : ', above what mean and deviation of the data alone would give'}.`,
    remedy,
    yaml,
    evidence: found.map(({ model, loss, untrained, affine }) =>
      rowOf(model, { 'last loss': loss, untrained, 'from mean and deviation': affine }),
    ),
  };
}
