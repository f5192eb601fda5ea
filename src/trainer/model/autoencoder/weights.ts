import { join } from 'node:path';
import { DdrError } from '../../../api/errors.ts';
import { readInput } from '../../data/volume.ts';
import { sha256 } from '../../formats/digest.ts';
import { type FloatTensor, readSafetensors } from '../../formats/safetensors.ts';
import { type ParameterSpec, sizeOf } from '../parameters.ts';
import { type AutoencoderConfig, parseAutoencoderConfig } from './config.ts';
import { decoderStages, encoderStages, type Stage, stageParameters } from './structure.ts';

/** Files of diffusers' layout. */
export const autoencoderFiles = { config: 'config.json', weights: 'diffusion_pytorch_model.safetensors' } as const;

/** What attention's projections were called before diffusers 0.17. */
const formerNames = { to_q: 'query', to_k: 'key', to_v: 'value', 'to_out.0': 'proj_attn' } as const;

/** Names that diffusers may have for a parameter of ours, the present one first. */
function namesOf(name: string): string[] {
  const module = name.slice(0, -2);
  const kind = name.endsWith('.w') || name.endsWith('.g') ? 'weight' : 'bias';
  const former = Object.entries(formerNames).find(([now]) => module.endsWith(`.${now}`));
  const stems = former === undefined ? [module] : [module, `${module.slice(0, -former[0].length)}${former[1]}`];
  return stems.map((stem) => `${stem}.${kind}`);
}

/** A kernel [out, in, k, k], or the matrix [out, in] of a 1×1 one, as [k, k, in, out]. */
function toOurs({ values }: FloatTensor, [kernel = 1, , from = 1, to = 1]: readonly number[]): Float32Array {
  const result = new Float32Array(values.length);
  const area = kernel * kernel;
  for (let out = 0; out < to; out++)
    for (let into = 0; into < from; into++)
      for (let at = 0; at < area; at++)
        result[(at * from + into) * to + out] = values[(out * from + into) * area + at] as number;
  return result;
}

/** A kernel [k, k, in, out] as PyTorch has it, [out, in, k, k]; vectors stay. */
export function toDiffusers({ shape, values }: FloatTensor): FloatTensor {
  if (shape.length !== 4) return { shape, values };
  const [kernel = 1, , from = 1, to = 1] = shape;
  const area = kernel * kernel;
  const result = new Float32Array(values.length);
  for (let at = 0; at < area; at++)
    for (let into = 0; into < from; into++)
      for (let out = 0; out < to; out++)
        result[(out * from + into) * area + at] = values[(at * from + into) * to + out] as number;
  return { shape: [to, from, kernel, kernel], values: result };
}

/** A parameter of ours out of a file of diffusers'. @throws DdrError InputForeign, InputMismatch */
function parameterOf({ name, shape }: ParameterSpec, tensors: Map<string, FloatTensor>, where: string): FloatTensor {
  const names = namesOf(name);
  const tensor = names.map((each) => tensors.get(each)).find((each) => each !== undefined);
  if (tensor === undefined)
    throw new DdrError('InputForeign', `has no tensor ${names[0]} of floats, which its config.json asks for`, {
      where,
    });
  const [kernel, , from, to] = shape;
  const wanted = shape.length === 4 ? [to, from, kernel, kernel] : shape;
  const flat = (dimensions: readonly number[]) => dimensions.join().replace(/,1,1$/, '');
  if (flat(tensor.shape) !== flat(wanted as number[])) {
    throw new DdrError(
      'InputMismatch',
      `${names[0]} is [${tensor.shape.join(', ')}], and by its config.json [${wanted.join(', ')}]`,
      { where },
    );
  }
  return { shape, values: shape.length === 4 ? toOurs(tensor, shape) : tensor.values };
}

/** An autoencoder as it lies in its folder. */
export interface Autoencoder {
  /** Of its weights, and of its config.json. */
  where: string;
  configWhere: string;
  config: AutoencoderConfig;
  /** sha256 over config.json and weights. */
  digest: string;
  /** Parameters of some stages by name, in our layout. @throws DdrError InputForeign, InputMismatch */
  parameters(stages: readonly Stage[]): Map<string, FloatTensor>;
}

/**
 * Reads an autoencoder in diffusers' layout; weights of 16, 32 and 64 bits become 32 bits.
 * @param folder resolved
 * @throws DdrError InputMissing, InputForeign, InputTruncated naming file and field
 */
export async function readAutoencoder(folder: string): Promise<Autoencoder> {
  const [configPath, where] = [join(folder, autoencoderFiles.config), join(folder, autoencoderFiles.weights)];
  const configBytes = await readInput(configPath);
  const config = parseAutoencoderConfig(configBytes, configPath);
  const bytes = await readInput(where);
  const { tensors } = readSafetensors(bytes, where);
  return {
    where,
    configWhere: configPath,
    config,
    digest: sha256(sha256(configBytes), sha256(bytes)),
    parameters: (stages) =>
      new Map(stageParameters(stages).map((spec) => [spec.name, parameterOf(spec, tensors, where)] as const)),
  };
}

/** Whether all that a config asks for is there. @throws DdrError InputForeign, InputMismatch naming the tensor */
export function checkAutoencoder({ config, parameters, where }: Autoencoder): void {
  const all = parameters([...encoderStages(config), ...decoderStages(config)]);
  for (const [name, { values }] of all)
    if (!values.every(Number.isFinite))
      throw new DdrError('InputForeign', `${namesOf(name)[0]} has values that are not finite numbers`, { where });
}

/** Parameters as the tensors of diffusers' file, by its present names. */
export const diffusersTensors = (
  specs: readonly ParameterSpec[],
  values: (name: string) => Float32Array,
): Map<string, FloatTensor> =>
  new Map(
    specs.map((spec) => {
      const { shape } = spec;
      const isProjection =
        spec.name.endsWith('.w') && Object.keys(formerNames).some((p) => spec.name.endsWith(`.${p}.w`));
      const tensor = toDiffusers({ shape, values: values(spec.name) });
      if (tensor.values.length !== sizeOf(shape)) throw new Error(`${spec.name} has ${tensor.values.length} values`);
      return [namesOf(spec.name)[0] as string, isProjection ? { ...tensor, shape: tensor.shape.slice(0, 2) } : tensor];
    }),
  );
