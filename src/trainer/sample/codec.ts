import { DdrError } from '../../api/errors.ts';
import type { SampleTask } from '../../api/task.ts';
import type { Manifest } from '../artifacts/bundle.ts';
import type { TrainerContext } from '../context/context.ts';
import type { TensorFlow } from '../engine/tensorflow.ts';
import { autoencoderCodec, openAutoencoder } from '../model/autoencoder/codec.ts';
import { type Codec, pixelCodec } from '../model/codec.ts';

/**
 * What makes pictures of a bundle's samples.
 * @throws DdrError InvalidTask where the bundle needs one and none is named, InputMismatch, DataChanged where it is another than
 *   was prepared, and what reading it throws
 */
export async function codecOf(
  tf: typeof TensorFlow,
  { image, latents }: Pick<Manifest, 'image' | 'latents'>,
  { codec, codecDigest }: Pick<SampleTask, 'codec' | 'codecDigest'>,
  { volumes }: TrainerContext,
): Promise<Codec> {
  if (latents === undefined) return pixelCodec;
  if (codec === undefined)
    throw new DdrError('InvalidTask', 'the bundle is of latents, and there is no codec for them');
  const autoencoder = await openAutoencoder(codec, image, volumes.codec);
  const { where } = autoencoder;
  if (codecDigest !== undefined && codecDigest !== autoencoder.digest) {
    throw new DdrError('DataChanged', 'the autoencoder is another than when the run was prepared', {
      where,
      hint: 'Set dataset.revision to another text: what the run reads is then checked and noted anew.',
    });
  }
  if (latents.channels !== codec.channels || latents.size * codec.downsampling !== image.size) {
    const [size, channels] = [image.size / codec.downsampling, codec.channels];
    throw new DdrError(
      'InputMismatch',
      `the bundle's latents are ${latents.size}×${latents.size}×${latents.channels}, the codec's ${size}×${size}×${channels}`,
      { where },
    );
  }
  return autoencoderCodec(tf, autoencoder, image, latents);
}
