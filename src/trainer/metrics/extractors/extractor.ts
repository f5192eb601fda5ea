import { DdrError } from '../../../api/errors.ts';
import type { Extractor } from '../../../api/task.ts';
import { bytesPerImage, type ImageSet } from '../../data/images.ts';
import { readInput, resolveInVolume } from '../../data/volume.ts';
import type { Tensor, Tensor4D, TensorFlow } from '../../engine/tensorflow.ts';
import { sha256 } from '../../formats/digest.ts';
import { type FloatTensor, readSafetensors } from '../../formats/safetensors.ts';
import { addFeatures, emptySums, type FeatureSums } from '../statistics.ts';
import { inceptionV3 } from './inceptionV3.ts';
import { classifierPath, mnistClassifier } from './mnistClassifier.ts';

/** A network that turns images into features. */
export interface Network {
  dimensions: number;
  /** Images per call. */
  batchSize: number;
  /** [n, size, size, channels] of 0 … 255 → [n, dimensions]. */
  features: (images: Tensor4D) => Tensor;
}

/** Weights by name; a missing or misshapen one is named. */
export type Weights = (name: string, shape: number[]) => Tensor;

export interface FeatureExtractor {
  name: Extractor['name'];
  /** sha256 of its weights. */
  digest: string;
  /** Name and digest, short, as it stands in file names. */
  id: string;
  /** FID is the name of the distance of one network only. */
  metric: 'FID' | 'Fréchet distance';
  dimensions: number;
  /**
   * Sums of the features of all images. The network sees batches of one fixed size, so that an image's features do not
   * depend on the images beside it.
   * @param onBatch told after every batch how many images are done; may throw to stop
   */
  sums(images: ImageSet, onBatch: (done: number) => Promise<void>): Promise<FeatureSums>;
}

function weightsOf(tf: typeof TensorFlow, tensors: Map<string, FloatTensor>, where: string): Weights {
  return (name, shape) => {
    const tensor = tensors.get(name);
    if (tensor === undefined) {
      throw new DdrError('InputForeign', `has no tensor ${name} of 32-bit floats`, {
        where,
        hint: "Weights are those of pytorch-fid's network, under its names, as safetensors.",
      });
    }
    if (tensor.shape.join() !== shape.join()) {
      throw new DdrError('InputMismatch', `${name} is [${tensor.shape.join(', ')}], not [${shape.join(', ')}]`, {
        where,
      });
    }
    return tf.tensor(tensor.values, shape);
  };
}

/**
 * Loads an extractor.
 * @param volume of its weights, for those that do not come with the trainer
 * @throws DdrError InputMissing, InputForeign, InputMismatch
 */
export async function createExtractor(
  tf: typeof TensorFlow,
  { name, weights }: Extractor,
  volume: string | undefined,
): Promise<FeatureExtractor> {
  const path =
    weights === undefined ? classifierPath : await resolveInVolume(volume, weights.volume.path, 'extractor weights');
  const bytes = await readInput(path);
  const digest = sha256(bytes);
  const load = weightsOf(tf, readSafetensors(bytes, path).tensors, path);
  const network = name === 'mnist-classifier' ? mnistClassifier(tf, load) : inceptionV3(tf, load);
  return {
    name,
    digest,
    id: `${name}-${digest.slice(0, 8)}`,
    metric: name === 'inception-v3-fid' ? 'FID' : 'Fréchet distance',
    dimensions: network.dimensions,
    async sums({ count, shape, pixels }, onBatch) {
      const sums = emptySums(network.dimensions);
      const size = bytesPerImage(shape);
      const { batchSize, dimensions } = network;
      const batch = new Float32Array(batchSize * size);
      for (let from = 0; from < count; from += batchSize) {
        const to = Math.min(count, from + batchSize);
        batch.set(pixels.subarray(from * size, to * size)); // what is left of the batch before it pads the last
        const features = tf.tidy(() =>
          network.features(tf.tensor4d(batch, [batchSize, shape.size, shape.size, shape.channels])),
        );
        const values = features.dataSync<'float32'>().subarray(0, (to - from) * dimensions);
        features.dispose();
        if (!values.every(Number.isFinite))
          throw new DdrError('InputForeign', 'are weights that give features that are not finite', { where: path });
        addFeatures(sums, values);
        await onBatch(to);
      }
      return sums;
    },
  };
}
