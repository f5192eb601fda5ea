import type { Training } from '../../api/spec/training.ts';
import { statelessNormal } from '../engine/backend.ts';
import type { ProgramSpec, TensorSpec, Tensors } from '../engine/program.ts';
import type { Tensor, Tensor4D, TensorFlow } from '../engine/tensorflow.ts';
import type { Conditioning } from '../model/conditioning.ts';
import { createDropout } from '../model/dropout.ts';
import { totalSize, type UnetConfig } from '../model/parameters.ts';
import { parameterSpecs, parametersOf, unet } from '../model/unet.ts';
import { optimize, type StepScalars, scalarNames, stateNames, type TrainingState } from './optimizer.ts';

/** Names of the inputs with one float per sample of the batch. */
const perSampleNames = ['signal', 'noise', 'targetImage', 'targetNoise'] as const;

/**
 * One optimizer step as a program. State: the vectors of {@link stateNames}. Inputs:
 * - `images` [B,H,W,C] in [−1, 1], and `seed` int32[2], which the noise ε is a function of;
 * - per sample `signal` √ᾱ and `noise` √(1−ᾱ), so that x = √ᾱ·x0 + √(1−ᾱ)·ε;
 * - per sample `targetImage` and `targetNoise`: the target is targetImage·x0 + targetNoise·ε, which covers ε, v and x0;
 * - those of the conditioning;
 * - `learningRate`, `decay` of the average, and Adam's bias corrections `correction1` = 1/(1−β1^t), `correction2`.
 *
 * Output: `loss`, the mean squared error before the step.
 */
export function stepProgram(
  tf: typeof TensorFlow,
  config: UnetConfig,
  conditioning: Conditioning,
  training: Pick<Training, 'batchSize' | 'gradientClipNorm' | 'optimizer'>,
): ProgramSpec {
  const { batchSize } = training;
  const { imageSize, imageChannels } = config;
  const specs = parameterSpecs(config, conditioning);
  const imageShape: [number, number, number, number] = [batchSize, imageSize, imageSize, imageChannels];
  const floats = (names: readonly string[], shape: number[]): Record<string, TensorSpec> =>
    Object.fromEntries(names.map((name) => [name, { shape, dtype: 'float32' }]));

  const lossOf = (vector: Tensor, inputs: Tensors) => {
    const images = inputs.images as Tensor4D;
    const epsilon = statelessNormal(tf, imageShape, inputs.seed as Tensor);
    const each = (name: (typeof perSampleNames)[number]) => tf.reshape(inputs[name] as Tensor, [batchSize, 1, 1, 1]);
    const mix = (image: Tensor, noise: Tensor) => tf.add(tf.mul(image, images), tf.mul(noise, epsilon)) as Tensor4D;
    const x = mix(each('signal'), each('noise'));
    const dropout = createDropout(tf, config.dropout, inputs.seed as Tensor);
    const output = unet(tf, config, conditioning, parametersOf(tf, specs, vector), x, inputs, dropout);
    return tf.mean(tf.squaredDifference(output, mix(each('targetImage'), each('targetNoise')))).asScalar();
  };

  return {
    state: Object.fromEntries(stateNames.map((name) => [name, [totalSize(specs)]])),
    inputs: {
      images: { shape: imageShape, dtype: 'float32' },
      seed: { shape: [2], dtype: 'int32' },
      ...floats(perSampleNames, [batchSize]),
      ...conditioning.inputs(batchSize),
      ...floats(scalarNames, []),
    },
    update(state, inputs) {
      const before = state as TrainingState<Tensor>;
      const { value: loss, grad } = tf.valueAndGrad((vector) => lossOf(vector as Tensor, inputs))(before.weights);
      return { outputs: { loss }, state: optimize(tf, training, before, grad, inputs as StepScalars) };
    },
  };
}
