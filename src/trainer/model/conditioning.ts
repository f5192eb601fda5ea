import type { InputValues, TensorSpec, Tensors } from '../engine/program.ts';
import type { Tensor, TensorFlow } from '../engine/tensorflow.ts';
import type { Layers } from './layers.ts';
import type { ParameterSpec } from './parameters.ts';

/** What one sample of a batch is told besides x. */
export interface Condition {
  /** As embeddedTime() gives it. */
  timestep: number;
}

/**
 * What a network is told besides x: the parameters that this takes, the inputs of a program, and the embedding that every
 * residual block adds. `undefined` embedding and empty lists mean that it is told nothing, as a model of one state is.
 */
export interface Conditioning {
  /** Parameters of the embedding itself, and those that each residual block of `channels` has for it. */
  parameters(): ParameterSpec[];
  blockParameters(block: string, channels: number): ParameterSpec[];
  /** Inputs of a program, for a batch. */
  inputs(batchSize: number): Record<string, TensorSpec>;
  /** Values of those inputs, one condition per sample. */
  values(conditions: readonly Condition[]): InputValues;
  /** [B, embedding], or undefined. */
  embedding(tf: typeof TensorFlow, layers: Layers, inputs: Tensors): Tensor | undefined;
}
