import { DdrError } from '../../../api/errors.ts';
import type { Codec as CodecSpec } from '../../../api/spec/codec.ts';
import type { ImageShape } from '../../../api/spec/dataset.ts';
import { bytesPerImage } from '../../data/imageSource.ts';
import type { LatentScale } from '../../data/latents.ts';
import { resolveInVolume } from '../../data/volume.ts';
import type { Program } from '../../engine/program.ts';
import { createRecordedProgram } from '../../engine/recorder.ts';
import type { Tensor, Tensor4D, TensorFlow } from '../../engine/tensorflow.ts';
import { bytesOf, type Codec, valuesOf } from '../codec.ts';
import { type AutoencoderConfig, downsamplingOf } from './config.ts';
import { runStages } from './network.ts';
import { decoderStages, encoderStages, type Stage } from './structure.ts';
import { type Autoencoder, readAutoencoder } from './weights.ts';

/** Floats that a program may hold at once, and values that it holds for each of its widest layer. */
const [workingFloats, heldAtOnce] = [2 ** 26, 8];
const mostAtOnce = 32;

/** Pictures that are taken at once, so that memory does not grow with their size. */
export const batchSizeOf = ({ block_out_channels }: AutoencoderConfig, { size }: ImageShape): number =>
  Math.min(
    mostAtOnce,
    Math.max(1, Math.floor(workingFloats / (heldAtOnce * size * size * (block_out_channels[0] ?? 1)))),
  );

/**
 * The autoencoder that a spec names.
 * @throws DdrError InputMissing, InputForeign, InputTruncated, and InputMismatch where it is not as the spec says
 */
export async function openAutoencoder(
  { weights, channels, downsampling }: CodecSpec,
  image: ImageShape,
  volume: string | undefined,
): Promise<Autoencoder> {
  if (weights === undefined) throw new DdrError('InvalidTask', 'AutoencoderKL needs weights of your own');
  const autoencoder = await readAutoencoder(await resolveInVolume(volume, weights.volume.path, 'autoencoder'));
  const { config, configWhere: where } = autoencoder;
  const facts = [
    ['latent_channels', config.latent_channels, 'codec.channels', channels],
    ['block_out_channels that downsample by', downsamplingOf(config), 'codec.downsampling', downsampling],
    ['in_channels', config.in_channels, 'dataset.image.channels', image.channels],
  ] as const;
  for (const [field, found, spec, wanted] of facts) {
    if (found !== wanted)
      throw new DdrError('InputMismatch', `has ${field} ${found}, and ${spec} is ${wanted}`, {
        where,
        hint: `Set ${spec} to ${found}, or give another autoencoder.`,
      });
  }
  return autoencoder;
}

/** Takes batches of one shape through stages. */
interface Runner {
  /** @param values of one batch at most; what is missing of it is zeros */
  run(values: Float32Array): Float32Array;
  dispose(): void;
}

async function createRunner(
  tf: typeof TensorFlow,
  { config, parameters }: Autoencoder,
  stages: readonly Stage[],
  shape: [number, number, number, number],
): Promise<Runner> {
  const weights = parameters(stages);
  const program: Program = createRecordedProgram(tf, {
    state: Object.fromEntries([...weights].map(([name, { shape }]) => [name, shape] as const)),
    routines: {
      run: {
        inputs: { x: { shape, dtype: 'float32' } },
        update: (state, { x }) => ({
          outputs: { y: runStages(tf, config, stages, (name) => state[name] as Tensor, x as Tensor4D) },
          stages: [],
        }),
      },
    },
  });
  await program.write([...weights].map(([name, { values }]) => [name, values] as const));
  const x = new Float32Array(shape.reduce((product, size) => product * size, 1));
  return {
    run(values) {
      x.fill(0);
      x.set(values);
      return program.run('run', { x }).y as Float32Array;
    },
    dispose: () => program.dispose(),
  };
}

/** Makes latents of pictures. */
export interface Encoder {
  batchSize: number;
  /** Pictures, as many as `batchSize` at most, as latents [n, h, w, 2c]: means, and after them log-variances. */
  encode(pictures: Uint8Array): Float32Array;
  dispose(): void;
}

export async function createEncoder(
  tf: typeof TensorFlow,
  autoencoder: Autoencoder,
  image: ImageShape,
): Promise<Encoder> {
  const { config } = autoencoder;
  const batchSize = batchSizeOf(config, image);
  const shape: [number, number, number, number] = [batchSize, image.size, image.size, image.channels];
  const runner = await createRunner(tf, autoencoder, encoderStages(config), shape);
  const perLatent = (image.size / downsamplingOf(config)) ** 2 * 2 * config.latent_channels;
  return {
    batchSize,
    encode: (pictures) => runner.run(valuesOf(pictures)).slice(0, (pictures.length / bytesPerImage(image)) * perLatent),
    dispose: runner.dispose,
  };
}

/** A codec that makes pictures of latents. @param scale between them and what networks see */
export async function autoencoderCodec(
  tf: typeof TensorFlow,
  autoencoder: Autoencoder,
  image: ImageShape,
  { size, channels, scalingFactor, shiftFactor }: LatentScale,
): Promise<Codec> {
  const { config, where } = autoencoder;
  const batchSize = batchSizeOf(config, image);
  const runner = await createRunner(tf, autoencoder, decoderStages(config), [batchSize, size, size, channels]);
  const [perLatent, perPicture] = [size * size * channels, bytesPerImage(image)];
  return {
    networkShape: () => ({ size, channels }),
    decode(values) {
      const count = values.length / perLatent;
      const pictures = new Uint8Array(count * perPicture);
      for (let first = 0; first < count; first += batchSize) {
        const some = Math.min(batchSize, count - first);
        const latents = values
          .subarray(first * perLatent, (first + some) * perLatent)
          .map((value) => value / scalingFactor + shiftFactor);
        const decoded = runner.run(latents).subarray(0, some * perPicture);
        if (!decoded.every(Number.isFinite))
          throw new DdrError('Diverged', 'makes pictures of samples that have values that are not finite', { where });
        pictures.set(bytesOf(decoded), first * perPicture);
      }
      return pictures;
    },
    batchSize,
    dispose: runner.dispose,
  };
}
