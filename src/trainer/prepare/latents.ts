import type { Codec } from '../../api/spec/codec.ts';
import type { ImageShape } from '../../api/spec/dataset.ts';
import type { LatentsContent } from '../artifacts/saveDataset.ts';
import { type LatentScale, type LatentsDescription, normalOf } from '../data/latents.ts';
import { addLatent, emptyMoments, type MomentSums, type Moments, momentsOf } from '../data/moments.ts';
import { toHalves } from '../formats/elements.ts';
import type { Encoder } from '../model/autoencoder/codec.ts';
import { type AutoencoderConfig, downsamplingOf } from '../model/autoencoder/config.ts';

/** How latents become what networks see: as the spec says, or else the autoencoder's config.json. */
export const scaleOf = (
  { scalingFactor, shiftFactor }: Codec,
  config: AutoencoderConfig,
  image: ImageShape,
): LatentScale => ({
  size: image.size / downsamplingOf(config),
  channels: config.latent_channels,
  scalingFactor: scalingFactor ?? config.scaling_factor,
  shiftFactor: shiftFactor ?? config.shift_factor ?? 0,
});

/** Latents of images, batch by batch. @param onBatch told after every batch how many images are done; may throw to stop */
export async function* encoded(
  images: AsyncIterable<Uint8Array>,
  encoder: Encoder,
  onBatch: (done: number) => Promise<void>,
): AsyncGenerator<Float32Array> {
  let done = 0;
  let waiting: Uint8Array[] = [];
  function* flush(): Generator<Float32Array> {
    const latents = encoder.encode(new Uint8Array(Buffer.concat(waiting)));
    const each = latents.length / waiting.length;
    for (let i = 0; i < waiting.length; i++) yield latents.subarray(i * each, (i + 1) * each);
    waiting = [];
  }
  for await (const image of images) {
    waiting.push(image);
    if (waiting.length < encoder.batchSize) continue;
    yield* flush();
    done += encoder.batchSize;
    await onBatch(done);
  }
  if (waiting.length > 0) yield* flush();
}

/** Latents on their way into a dataset, and their moments once all have come. */
export interface LatentContent {
  latents: LatentsContent;
  moments: () => Moments;
}

function bytesOf(latent: Float32Array, type: LatentsDescription['type']): Uint8Array {
  const { buffer, byteOffset, byteLength } = type === 'float16' ? toHalves(latent) : latent;
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

/** @param onEnd told once all have come, with what to know of them; may throw */
export function latentContent(
  description: LatentsDescription,
  latents: AsyncIterable<Float32Array>,
  onEnd: (said: string[]) => Promise<void>,
): LatentContent {
  const { size, channels, type } = description;
  const sums = emptyMoments(size * size * channels);
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for await (const latent of latents) {
      addLatent(sums, normalOf(latent, description));
      yield bytesOf(latent, type);
    }
    await onEnd(saidOf(sums, description));
  }
  return { latents: { description, bytes: bytes() }, moments: () => momentsOf(sums) };
}

/** Deviations of all values together within which networks learn well: those of images are about 0.5. */
const [leastDeviation, mostDeviation] = [0.3, 3];

function saidOf({ count, sum, squares }: MomentSums, { scalingFactor, shiftFactor }: LatentsDescription): string[] {
  const total = (values: Float64Array) => values.reduce((all, value) => all + value, 0) / (count * values.length);
  const deviation = Math.sqrt(Math.max(0, total(squares) - total(sum) ** 2));
  if (count === 0 || (deviation >= leastDeviation && deviation <= mostDeviation)) return [];
  return [
    `what networks see, (latent − ${shiftFactor}) · ${scalingFactor}, has a deviation of ${deviation.toPrecision(2)} instead of about 1; is codec.scalingFactor right, and were the latents scaled already?`,
  ];
}
