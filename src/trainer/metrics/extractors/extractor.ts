import { DdrError } from '../../../api/errors.ts';
import type { Extractor } from '../../../api/task.ts';
import { bytesPerImage, type ImageSource } from '../../data/imageSource.ts';
import { readInput, resolveInVolume } from '../../data/volume.ts';
import type { TensorFlow } from '../../engine/tensorflow.ts';
import { sha256 } from '../../formats/digest.ts';
import { type FloatTensor, readSafetensors } from '../../formats/safetensors.ts';
import { addFeatures, emptySums, type FeatureSums } from '../statistics.ts';
import { inceptionV3 } from './inceptionV3.ts';
import { classifierPath, mnistClassifier } from './mnistClassifier.ts';
import type { Weights } from './network.ts';

/** The networks by the name that a spec has for them, each with the path of the weights that it brings along. */
const networks = {
  'mnist-classifier': { create: mnistClassifier, weights: classifierPath },
  'inception-v3-fid': { create: inceptionV3, weights: undefined },
} as const satisfies Record<Extractor['name'], object>;

/** Images that features are computed of. */
export type Images = Pick<ImageSource, 'count' | 'shape' | 'batch'>;

export interface FeatureExtractor {
  name: Extractor['name'];
  /** sha256 of its weights. */
  digest: string;
  /** Name and digest, short, as it stands in file names. */
  id: string;
  dimensions: number;
  /**
   * Sums of the features of all images, read batch by batch. The network sees batches of one fixed size, so that an
   * image's features do not depend on the images beside it.
   * @param onBatch told after every batch how many images are done; may throw to stop
   */
  sums(images: Images, onBatch: (done: number) => Promise<void>): Promise<FeatureSums>;
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

async function weightsPath({ name, weights }: Extractor, volume: string | undefined): Promise<string> {
  if (weights !== undefined) return resolveInVolume(volume, weights.volume.path, 'extractor weights');
  const own = networks[name].weights;
  if (own === undefined) throw new DdrError('InvalidTask', `${name} needs weights of your own`);
  return own;
}

/**
 * Loads an extractor.
 * @param volume of its weights, for those that do not come with the trainer
 * @throws DdrError InputMissing, InputForeign, InputMismatch
 */
export async function createExtractor(
  tf: typeof TensorFlow,
  extractor: Extractor,
  volume: string | undefined,
): Promise<FeatureExtractor> {
  const { name } = extractor;
  const path = await weightsPath(extractor, volume);
  const bytes = await readInput(path);
  const digest = sha256(bytes);
  const load = weightsOf(tf, readSafetensors(bytes, path).tensors, path);
  const network = networks[name].create(tf, load);
  return {
    name,
    digest,
    id: `${name}-${digest.slice(0, 8)}`,
    dimensions: network.dimensions,
    async sums({ count, shape, batch: read }, onBatch) {
      const sums = emptySums(network.dimensions);
      const size = bytesPerImage(shape);
      const { batchSize, dimensions } = network;
      const batch = new Float32Array(batchSize * size);
      for (let from = 0; from < count; from += batchSize) {
        const to = Math.min(count, from + batchSize);
        batch.set(await read(from, to - from)); // what is left of the batch before it pads the last
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
