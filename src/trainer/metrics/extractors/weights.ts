import { DdrError } from '../../../api/errors.ts';
import type { Extractor } from '../../../api/task.ts';
import { readInput, resolveInVolume } from '../../data/volume.ts';
import { sha256 } from '../../formats/digest.ts';
import { type FloatTensor, readSafetensors } from '../../formats/safetensors.ts';
import { classifierPath, classifierShapes, type GreyClassifier } from './greyClassifier.ts';
import { inceptionShapes } from './inceptionStructure.ts';

const greyClassifier = (name: GreyClassifier) => ({
  dimensions: 64,
  path: classifierPath(name),
  shapes: () => classifierShapes,
});

/** What is known of each network without computing anything: where the weights are that it brings along, and their shapes. */
const known = {
  'mnist-classifier': greyClassifier('mnist-classifier'),
  'fashion-mnist-classifier': greyClassifier('fashion-mnist-classifier'),
  'inception-v3-fid': { dimensions: 2048, path: undefined, shapes: inceptionShapes },
} as const satisfies Record<Extractor['name'], object>;

/** Weights of an extractor as they are in their file. */
export interface ExtractorWeights {
  where: string;
  /** sha256 of the file. */
  digest: string;
  tensors: Map<string, FloatTensor>;
}

/**
 * @param volume of the weights, for networks that do not bring their own
 * @throws DdrError InputMissing, InputForeign, InputTruncated
 */
export async function readWeights({ name, weights }: Extractor, volume: string | undefined): Promise<ExtractorWeights> {
  const where =
    weights === undefined ? known[name].path : await resolveInVolume(volume, weights.volume.path, 'extractor weights');
  if (where === undefined) throw new DdrError('InvalidTask', `${name} needs weights of your own`);
  const bytes = await readInput(where);
  return { where, digest: sha256(bytes), tensors: readSafetensors(bytes, where).tensors };
}

/** A tensor that a network needs. @throws DdrError InputForeign, InputMismatch */
export function requireTensor(
  tensors: ExtractorWeights['tensors'],
  name: string,
  shape: readonly number[],
  where: string,
): FloatTensor {
  const tensor = tensors.get(name);
  if (tensor === undefined) {
    throw new DdrError('InputForeign', `has no tensor ${name} of floats`, {
      where,
      hint: "Weights are those of pytorch-fid's network, under its names, as safetensors.",
    });
  }
  if (tensor.shape.join() === shape.join()) return tensor;
  throw new DdrError('InputMismatch', `${name} is [${tensor.shape.join(', ')}], not [${shape.join(', ')}]`, { where });
}

/**
 * Checks an extractor's weights without TensorFlow: all tensors are there, each of its shape.
 * @returns how many features it gives, and sha256 of its weights
 * @throws DdrError InputMissing, InputForeign, InputTruncated, InputMismatch
 */
export async function checkExtractor(
  extractor: Extractor,
  volume: string | undefined,
): Promise<{ dimensions: number; digest: string }> {
  const { dimensions, shapes } = known[extractor.name];
  const { where, digest, tensors } = await readWeights(extractor, volume);
  for (const [name, shape] of Object.entries(shapes())) requireTensor(tensors, name, shape, where);
  return { dimensions, digest };
}
