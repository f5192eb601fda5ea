import { DdrError } from '../../../api/errors.ts';
import type { FloatTensor } from '../../formats/safetensors.ts';
import { type Conditions, conditioningOf } from '../conditioning.ts';
import { type ParameterSpec, sizeOf, type UnetConfig } from '../parameters.ts';
import { parameterSpecs } from '../unet.ts';
import { type DiffusersConfig, toConfig } from './config.ts';
import { fromTheirs, theirTensors, toTheirs } from './layout.ts';

/** A class token's table is no part of diffusers' networks, which are given the tokens. */
export const isToken = ({ name }: ParameterSpec, { classEmbedding }: UnetConfig) =>
  name === 'class.w' && classEmbedding === 'Token';

export interface ExportedNetwork {
  config: DiffusersConfig;
  /** By diffusers' names. */
  tensors: Map<string, FloatTensor>;
  /** Of class tokens, [classes + 1, width], the null class last; undefined where there are none. */
  classTokens: FloatTensor | undefined;
}

/**
 * A network and its weights in diffusers' layout. Its networks are always told the timestep: what one of ours is not told has
 * weights of 0 there, and adds 0.
 * @param states latent states of the model
 * @param tensor gives ours by name
 * @throws DdrError InvalidSpec where diffusers has no such network
 */
export function toDiffusers(
  config: UnetConfig,
  states: number,
  conditions: Conditions,
  tensor: (name: string) => FloatTensor,
): ExportedNetwork {
  const levels = config.channelMultipliers.length;
  const own = new Set(parameterSpecs(config, conditioningOf(states, config, conditions)).map(({ name }) => name));
  const conditioning = conditioningOf(states, { ...config, timeEmbedding: 'Always' }, conditions);
  const specs = parameterSpecs(config, conditioning);
  const tensors = specs
    .filter((spec) => !isToken(spec, config))
    .flatMap((spec) => {
      const values = own.has(spec.name) ? tensor(spec.name).values : new Float32Array(sizeOf(spec.shape));
      return toTheirs(spec, values, levels);
    });
  return {
    config: toConfig(config, conditions, conditioning.contextWidth),
    tensors: new Map(tensors),
    classTokens: specs.some((spec) => isToken(spec, config)) ? tensor('class.w') : undefined,
  };
}

/** What a file of diffusers' layout holds of a network. */
export interface ForeignWeights {
  tensors: ReadonlyMap<string, FloatTensor>;
  classTokens?: FloatTensor | undefined;
}

/**
 * Weights of a network of ours from diffusers' tensors. One that is not told the timestep takes them where theirs is told
 * nothing either: the weights of that are all 0.
 * @param specs of the network
 * @throws DdrError InputMismatch where one is missing, of another shape, or left over
 */
export function fromDiffusers(
  specs: readonly ParameterSpec[],
  config: UnetConfig,
  { tensors, classTokens }: ForeignWeights,
  where: string,
): Map<string, FloatTensor> {
  const levels = config.channelMultipliers.length;
  const inside = specs.filter((spec) => !isToken(spec, config));
  const wanted = new Set(inside.flatMap((spec) => theirTensors(spec, levels).map(({ name }) => name)));
  for (const [name, { values }] of tensors) {
    if (wanted.has(name) || (isOfTime(name) && values.every((value) => value === 0))) continue;
    throw new DdrError('InputMismatch', `has a tensor ${name}, which the network has not`, { where });
  }
  const find = (name: string, shape: readonly number[]) => {
    const found = tensors.get(name);
    if (found?.shape.join() === shape.join()) return found.values;
    throw new DdrError('InputMismatch', `has no tensor ${name} of shape [${shape.join(', ')}]`, { where });
  };
  return new Map(
    specs.map((spec) => [
      spec.name,
      isToken(spec, config)
        ? { shape: spec.shape, values: tokensOf(spec, classTokens, where) }
        : { shape: spec.shape, values: fromTheirs(spec, levels, find) },
    ]),
  );
}

/** Tensors that tell the timestep, all 0 where a network is not told it. */
export const isOfTime = (name: string) => name.startsWith('time_embedding.') || name.includes('.time_emb_proj.');

function tokensOf({ shape }: ParameterSpec, classTokens: FloatTensor | undefined, where: string): Float32Array {
  if (classTokens?.shape.join() === shape.join()) return classTokens.values;
  throw new DdrError('InputMismatch', `has no class tokens of shape [${shape.join(', ')}]`, { where });
}
