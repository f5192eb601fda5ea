import type { Training } from '../../api/spec/training.ts';
import { statelessNormal } from '../engine/backend.ts';
import type { ProgramSpec, Tensors } from '../engine/program.ts';
import type { Tensor, Tensor1D, Tensor4D, TensorFlow } from '../engine/tensorflow.ts';
import { totalSize, type UnetConfig } from '../model/parameters.ts';
import { parameterSpecs, parametersOf, unet } from '../model/unet.ts';

/** Vectors of a model in training, each as long as all its parameters together. */
export const stateNames = ['weights', 'firstMoment', 'secondMoment', 'average'] as const;

/**
 * One optimizer step as a program. Inputs:
 * `images` [B,H,W,C] in [−1, 1]; `seed` int32[2] of the noise; per sample `signal` √ᾱ, `noise` √(1−ᾱ), the target as
 * `targetImage`·x0 + `targetNoise`·ε, and `timestep`; `learningRate`, `decay` of the average, and Adam's bias corrections
 * `correction1` = 1/(1−β1^t), `correction2` = 1/(1−β2^t). Output: `loss`, the mean squared error.
 */
export function stepProgram(tf: typeof TensorFlow, config: UnetConfig, training: Training): ProgramSpec {
  const { batchSize, gradientClipNorm, optimizer } = training;
  const specs = parameterSpecs(config);
  const size = totalSize(specs);
  const imageShape: [number, number, number, number] = [
    batchSize,
    config.imageSize,
    config.imageSize,
    config.imageChannels,
  ];
  const perSample = (): { shape: number[]; dtype: 'float32' } => ({ shape: [batchSize], dtype: 'float32' });
  const scalar = (): { shape: number[]; dtype: 'float32' } => ({ shape: [], dtype: 'float32' });

  const lossOf = (vector: Tensor, inputs: Tensors) => {
    const input = (name: string) => inputs[name] as Tensor;
    const each = (name: string) => tf.reshape(input(name), [batchSize, 1, 1, 1]);
    const images = input('images') as Tensor4D;
    const epsilon = statelessNormal(tf, imageShape, input('seed'));
    const x = tf.add(tf.mul(each('signal'), images), tf.mul(each('noise'), epsilon)) as Tensor4D;
    const target = tf.add(tf.mul(each('targetImage'), images), tf.mul(each('targetNoise'), epsilon));
    const output = unet(
      tf,
      config,
      parametersOf(tf, specs, vector),
      x,
      config.timeEmbedding ? input('timestep') : undefined,
    );
    return tf.mean(tf.squaredDifference(output, target)).asScalar();
  };

  return {
    state: Object.fromEntries(stateNames.map((name) => [name, [size]])),
    inputs: {
      images: { shape: imageShape, dtype: 'float32' },
      seed: { shape: [2], dtype: 'int32' },
      signal: perSample(),
      noise: perSample(),
      targetImage: perSample(),
      targetNoise: perSample(),
      ...(config.timeEmbedding ? { timestep: perSample() } : {}),
      learningRate: scalar(),
      decay: scalar(),
      correction1: scalar(),
      correction2: scalar(),
    },
    update(state, inputs) {
      const { weights, firstMoment, secondMoment, average } = state as Record<(typeof stateNames)[number], Tensor1D>;
      const { learningRate, decay, correction1, correction2 } = inputs as Record<string, Tensor>;
      const { value: loss, grad } = tf.valueAndGrad((vector) => lossOf(vector as Tensor, inputs))(weights);

      const norm = tf.sqrt(tf.sum(tf.square(grad)));
      const gradient =
        gradientClipNorm === 0 ? grad : tf.mul(grad, tf.div(gradientClipNorm, tf.maximum(norm, gradientClipNorm)));
      const { beta1, beta2, epsilon, weightDecay } = optimizer;
      const first = tf.add(tf.mul(firstMoment, beta1), tf.mul(gradient, 1 - beta1));
      const second = tf.add(tf.mul(secondMoment, beta2), tf.mul(tf.square(gradient), 1 - beta2));
      const direction = tf.div(
        tf.mul(first, correction1 as Tensor),
        tf.add(tf.sqrt(tf.mul(second, correction2 as Tensor)), epsilon),
      );
      // Decoupled weight decay (Loshchilov & Hutter 2019); Adam has none.
      const decayed = optimizer.name === 'AdamW' ? tf.add(direction, tf.mul(weights, weightDecay)) : direction;
      const next = tf.sub(weights, tf.mul(decayed, learningRate as Tensor));
      const nextAverage = tf.add(tf.mul(average, decay as Tensor), tf.mul(next, tf.sub(1, decay as Tensor)));
      return {
        outputs: { loss },
        state: { weights: next, firstMoment: first, secondMoment: second, average: nextAverage },
      };
    },
  };
}
