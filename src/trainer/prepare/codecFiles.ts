import { join } from 'node:path';
import type { PrepareTask } from '../../api/task.ts';
import type { TrainerContext } from '../context/context.ts';
import { resolveInVolume } from '../data/volume.ts';
import { openAutoencoder } from '../model/autoencoder/codec.ts';
import { type Autoencoder, autoencoderFiles, checkAutoencoder } from '../model/autoencoder/weights.ts';

type Volumes = TrainerContext['volumes'];

/** Paths of the codec's files, resolved; none where it has no files. @throws DdrError InputMissing, InputUnsafe */
export async function codecPaths({ codec }: PrepareTask, { codec: root }: Volumes): Promise<string[]> {
  const path = codec?.weights?.volume.path;
  if (path === undefined) return [];
  const names = Object.values(autoencoderFiles);
  return Promise.all(names.map((name) => resolveInVolume(root, join(path, name), `autoencoder's ${name}`)));
}

/**
 * The run's autoencoder, checked before a GPU is asked for: all that its config.json asks for is there, and it fits the spec.
 * @throws DdrError InputMissing, InputForeign, InputTruncated, InputMismatch naming file and field
 */
export async function checkCodec({ codec, dataset }: PrepareTask, volumes: Volumes): Promise<Autoencoder | undefined> {
  if (codec === undefined) return undefined;
  const autoencoder = await openAutoencoder(codec, dataset.image, volumes.codec);
  checkAutoencoder(autoencoder);
  return autoencoder;
}
