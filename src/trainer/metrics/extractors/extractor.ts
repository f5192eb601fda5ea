import { DdrError } from '../../../api/errors.ts';
import type { Extractor } from '../../../api/task.ts';
import { bytesPerImage, type ImageSource } from '../../data/imageSource.ts';
import type { Tensor, Tensor4D, TensorFlow } from '../../engine/tensorflow.ts';
import { addFeatures, emptySums, type FeatureSums } from '../statistics.ts';
import { greyClassifier } from './greyClassifier.ts';
import { inceptionV3 } from './inceptionV3.ts';
import type { Network } from './network.ts';
import { readWeights, requireTensor } from './weights.ts';

/** The networks by the name that a spec has for them. */
const networks = {
  'mnist-classifier': greyClassifier,
  'fashion-mnist-classifier': greyClassifier,
  'inception-v3-fid': inceptionV3,
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
  /** Of a classifier: how many classes it knows, and the one that it sees in each image. */
  classifier?: { classes: number; seen(images: Images): Promise<Int32Array> };
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
  const { where, digest, tensors } = await readWeights(extractor, volume);
  const network: Network = networks[name](tf, (tensor, shape) =>
    tf.tensor(requireTensor(tensors, tensor, shape, where).values, shape),
  );
  const { batchSize, dimensions, classifier } = network;

  /** What the network says of each batch, and how many images are done with it. */
  async function* over({ count, shape, batch: read }: Images, say: (batch: Tensor4D) => Tensor) {
    const batch = new Float32Array(batchSize * bytesPerImage(shape));
    for (let from = 0; from < count; from += batchSize) {
      const to = Math.min(count, from + batchSize);
      batch.set(await read(from, to - from)); // what is left of the batch before it pads the last
      const said = tf.tidy(() => say(tf.tensor4d(batch, [batchSize, shape.size, shape.size, shape.channels])));
      const values = said.dataSync();
      said.dispose();
      yield { values: values.subarray(0, ((to - from) * values.length) / batchSize), from, to };
    }
  }

  return {
    name,
    digest,
    id: `${name}-${digest.slice(0, 8)}`,
    dimensions,
    async sums(images, onBatch) {
      const sums = emptySums(dimensions);
      for await (const { values, to } of over(images, network.features)) {
        if (!values.every(Number.isFinite))
          throw new DdrError('InputForeign', 'are weights that give features that are not finite', { where });
        addFeatures(sums, values as Float32Array);
        await onBatch(to);
      }
      return sums;
    },
    ...(classifier && {
      classifier: {
        classes: classifier.classes,
        async seen(images) {
          const all = new Int32Array(images.count);
          for await (const { values, from } of over(images, classifier.seen)) all.set(values, from);
          return all;
        },
      },
    }),
  };
}
