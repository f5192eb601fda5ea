import type { InputValues, TensorSpec, Tensors } from '../engine/program.ts';
import type { Tensor, Tensor4D, TensorFlow } from '../engine/tensorflow.ts';
import type { Layers } from './layers.ts';
import { denseSpecs, type ParameterSpec } from './parameters.ts';

/** What one sample of a batch is told besides x. */
export interface Condition {
  /** As embeddedTime() gives it. */
  timestep: number;
}

/** What a residual block does with h [B, H, W, C] because of what the network is told. @param block its name */
export type Conditioner = (block: string, h: Tensor4D) => Tensor4D;

/** What a network is told besides x: the parameters and inputs that this takes, and where it goes in. */
export interface Conditioning {
  /** Networks of one configuration with equal kinds are alike. */
  kind: string;
  /** Parameters of its own, which come before all others of a network. */
  parameters(): ParameterSpec[];
  /** Parameters that a residual block with so many channels has for it. */
  blockParameters(block: string, channels: number): ParameterSpec[];
  /** Inputs of a program, for a batch. */
  inputs(batchSize: number): Record<string, TensorSpec>;
  /** Values of those inputs, one condition per sample. */
  values(conditions: readonly Condition[]): InputValues;
  /** Embeds the inputs, once in a forward pass. @throws Error where an input is missing */
  embed(tf: typeof TensorFlow, layers: Layers, inputs: Tensors): Conditioner;
}

/** Timesteps that the frequencies of the embedding were chosen for. */
const embeddedTimesteps = 1000;

/** A timestep of a T-schedule as the embedding takes it: the same noise has the same embedding for every T. */
export const embeddedTime = (timestep: number, timesteps: number): number => (timestep * embeddedTimesteps) / timesteps;

/** Sine and cosine of the timestep at `size`/2 frequencies from 1 to 1/10000. [B] → [B, size] */
function sinusoids(tf: typeof TensorFlow, timestep: Tensor, size: number): Tensor {
  const half = size / 2;
  const frequencies = tf.tensor2d(
    Float32Array.from({ length: half }, (_, i) => Math.exp((-Math.log(10_000) * i) / half)),
    [1, half],
  );
  const angles = tf.mul(tf.reshape(timestep, [-1, 1]), frequencies);
  return tf.concat([tf.cos(angles), tf.sin(angles)], 1);
}

/** A model of one state: its timestep would be a constant. */
export const unconditioned: Conditioning = {
  kind: 'none',
  parameters: () => [],
  blockParameters: () => [],
  inputs: () => ({}),
  values: () => ({}),
  embed: () => (_block, h) => h,
};

/** The timestep, embedded as in Ho et al. 2020. Input `timestep` [B]. @param baseChannels of the network; even */
export function timestepConditioning(baseChannels: number): Conditioning {
  const size = baseChannels * 4;
  return {
    kind: 'timestep',
    parameters: () => [...denseSpecs('time.0', baseChannels, size), ...denseSpecs('time.1', size, size)],
    blockParameters: (block, channels) => denseSpecs(`${block}.time`, size, channels),
    inputs: (batchSize) => ({ timestep: { shape: [batchSize], dtype: 'float32' } }),
    values: (conditions) => ({ timestep: Float32Array.from(conditions, ({ timestep }) => timestep) }),
    embed(tf, { dense, silu }, { timestep }) {
      if (timestep === undefined) throw new Error('this network takes a timestep');
      // Of the SiLU that follows the second dense layer in every block, once here.
      const embedding = silu(dense('time.1', silu(dense('time.0', sinusoids(tf, timestep, baseChannels)))));
      return (block, h) => tf.add(h, tf.reshape(dense(`${block}.time`, embedding), [-1, 1, 1, h.shape[3]]));
    },
  };
}

/** What a model of so many latent states is told. */
export const conditioningOf = (states: number, baseChannels: number): Conditioning =>
  states > 1 ? timestepConditioning(baseChannels) : unconditioned;
