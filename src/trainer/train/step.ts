import type { Training } from '../../api/spec/training.ts';
import { gatherRows, statelessNormal } from '../engine/backend.ts';
import type { ProgramSpec, Routine, TensorSpec, Tensors } from '../engine/program.ts';
import type { Tensor, Tensor4D, TensorFlow } from '../engine/tensorflow.ts';
import type { Conditioning } from '../model/conditioning.ts';
import { createDropout } from '../model/dropout.ts';
import { groupParameters, type ParameterGroup, parametersOf } from '../model/parameterGroups.ts';
import type { UnetConfig } from '../model/parameters.ts';
import { parameterSpecs, unet } from '../model/unet.ts';
import { clipScale, optimize, type StepScalars, scalarNames, stateNames, type TrainingState } from './optimizer.ts';
import { stateName } from './state.ts';

/** Names of the inputs with one float per sample of the batch. */
const perSampleNames = ['signal', 'noise', 'targetImage', 'targetNoise'] as const;

export type StepTraining = Pick<
  Training,
  'batchSize' | 'microBatchSize' | 'gradientClipNorm' | 'optimizer' | 'ema' | 'precision'
>;

/** Samples whose gradient is computed at once. */
export const samplesAtOnce = ({ batchSize, microBatchSize }: Pick<Training, 'batchSize' | 'microBatchSize'>): number =>
  microBatchSize === 0 ? batchSize : microBatchSize;

const floats = (names: readonly string[], shape: number[]): Record<string, TensorSpec> =>
  Object.fromEntries(names.map((name) => [name, { shape, dtype: 'float32' }]));

const pick = (names: readonly string[], tensors: Tensors) =>
  Object.fromEntries(names.map((name) => [name, tensors[name] as Tensor]));

/**
 * One optimizer step as a program. State: {@link stateNames} of every group of parameters. Routine `step`, where the batch
 * is computed at once, has the inputs:
 * - `images` [B,H,W,C] in [−1, 1], and `seed` int32[2], which the noise ε of the whole batch is a function of;
 * - per sample `signal` √ᾱ and `noise` √(1−ᾱ), so that x = √ᾱ·x0 + √(1−ᾱ)·ε;
 * - per sample `targetImage` and `targetNoise`: the target is targetImage·x0 + targetNoise·ε, which covers ε, v and x0;
 * - those of the conditioning;
 * - `learningRate`, the averages' decays, and Adam's bias corrections `correction1` = 1/(1−β1^t), `correction2`.
 *
 * Else `accumulate` takes the inputs of samples `rows` int32[b] of the batch and adds to the gradient, `keep` being 0 for
 * the first of them and 1 for the others; and `apply` takes the rest.
 *
 * Output: `loss`, the mean squared error before the step.
 */
export function stepProgram(
  tf: typeof TensorFlow,
  config: UnetConfig,
  conditioning: Conditioning,
  training: StepTraining,
): ProgramSpec {
  const { batchSize } = training;
  const { imageSize, imageChannels } = config;
  const groups = groupParameters(parameterSpecs(config, conditioning));
  const many = samplesAtOnce(training);
  const imageShape = (samples: number) => [samples, imageSize, imageSize, imageChannels];

  const lossOf = (vectors: Tensor[], inputs: Tensors) => {
    const images = inputs.images as Tensor4D;
    const ofBatch = statelessNormal(tf, imageShape(batchSize), inputs.seed as Tensor);
    const epsilon = inputs.rows === undefined ? ofBatch : gatherRows(tf, ofBatch, inputs.rows);
    const each = (name: (typeof perSampleNames)[number]) => tf.reshape(inputs[name] as Tensor, [many, 1, 1, 1]);
    const mix = (image: Tensor, noise: Tensor) => tf.add(tf.mul(image, images), tf.mul(noise, epsilon)) as Tensor4D;
    const x = mix(each('signal'), each('noise'));
    const dropout = createDropout(tf, config.dropout, inputs.seed as Tensor, batchSize, inputs.rows);
    const output = unet(tf, config, conditioning, parametersOf(tf, groups, vectors), x, inputs, dropout);
    return tf.mean(tf.squaredDifference(output, mix(each('targetImage'), each('targetNoise')))).asScalar();
  };
  const lossAndGradients: LossAndGradients = (state, inputs) => {
    const weights = groups.map((group) => state[stateName('weights', group)] as Tensor);
    const { value, grads } = tf.valueAndGrads((...vectors) => lossOf(vectors as Tensor[], inputs))(weights);
    return { loss: value as Tensor, gradients: grads as Tensor[] };
  };
  const samples: Routine['inputs'] = {
    images: { shape: imageShape(many), dtype: 'float32' },
    seed: { shape: [2], dtype: 'int32' },
    ...floats(perSampleNames, [many]),
    ...conditioning.inputs(many),
  };
  return many === batchSize
    ? wholeBatch(tf, training, groups, samples, lossAndGradients)
    : microBatches(tf, training, groups, samples, lossAndGradients);
}

/** Gives loss and gradients of the groups; the step's forward and backward pass. */
type LossAndGradients = (state: Tensors, inputs: Tensors) => { loss: Tensor; gradients: Tensor[] };

const stateShapes = (names: readonly string[], groups: readonly ParameterGroup[]): ProgramSpec['state'] =>
  Object.fromEntries(names.flatMap((name) => groups.map((group) => [stateName(name, group), [group.size]])));

/** A step in one call. */
const wholeBatch = (
  tf: typeof TensorFlow,
  training: StepTraining,
  groups: readonly ParameterGroup[],
  samples: Routine['inputs'],
  lossAndGradients: LossAndGradients,
): ProgramSpec => ({
  precision: training.precision,
  state: stateShapes(stateNames(training.ema), groups),
  routines: {
    step: {
      inputs: { ...samples, ...floats(scalarNames(training.ema), []) },
      update(state, inputs) {
        const { loss, gradients } = lossAndGradients(state, inputs);
        return { outputs: { loss }, stages: optimizerStages(tf, training, groups, state, gradients, inputs) };
      },
    },
  },
});

/** A step in a call for each micro-batch, which adds its gradient, and one for the optimizer. */
function microBatches(
  tf: typeof TensorFlow,
  training: StepTraining,
  groups: readonly ParameterGroup[],
  samples: Routine['inputs'],
  lossAndGradients: LossAndGradients,
): ProgramSpec {
  const { batchSize, ema, precision } = training;
  const many = samplesAtOnce(training);
  const gradientsIn = (state: Tensors) => groups.map((group) => state[stateName('gradient', group)] as Tensor);
  return {
    precision,
    state: stateShapes([...stateNames(ema), 'gradient'], groups),
    routines: {
      accumulate: {
        inputs: { ...samples, rows: { shape: [many], dtype: 'int32' }, ...floats(['keep'], []) },
        update(state, inputs) {
          const { loss, gradients } = lossAndGradients(state, inputs);
          const sums = gradientsIn(state).map((sum, i) =>
            tf.add(tf.mul(sum, inputs.keep as Tensor), tf.mul(gradients[i] as Tensor, many / batchSize)),
          );
          const named = groups.map((group, i) => [stateName('gradient', group), sums[i] as Tensor]);
          return { outputs: { loss }, stages: [() => Object.fromEntries(named)] };
        },
      },
      apply: {
        inputs: floats(scalarNames(ema), []),
        update: (state, inputs) => ({
          outputs: {},
          stages: optimizerStages(tf, training, groups, state, gradientsIn(state), inputs),
        }),
      },
    },
  };
}

/** The optimizer's step, a stage for each group: of a large model, only one group's intermediate values are there at once. */
function optimizerStages(
  tf: typeof TensorFlow,
  training: StepTraining,
  groups: readonly ParameterGroup[],
  state: Tensors,
  gradients: readonly Tensor[],
  inputs: Tensors,
): (() => Tensors)[] {
  const names = stateNames(training.ema);
  const scale = clipScale(tf, gradients, training.gradientClipNorm);
  const scalars = pick(scalarNames(training.ema), inputs) as StepScalars;
  return groups.map((group, i) => () => {
    const own = Object.fromEntries(names.map((name) => [name, state[stateName(name, group)]])) as TrainingState<Tensor>;
    const gradient = gradients[i] as Tensor;
    const clipped = scale === undefined ? gradient : tf.mul(gradient, scale);
    const next = optimize(tf, training, own, clipped, scalars);
    return Object.fromEntries(names.map((name) => [stateName(name, group), next[name] as Tensor]));
  });
}
