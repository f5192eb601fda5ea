import type { Model } from '../../api/spec/model.ts';
import type { Tensor, TensorFlow } from '../engine/tensorflow.ts';
import type { Layers } from './layers.ts';
import { denseSpecs, type ParameterSpec } from './parameters.ts';

/** What one sample of a batch is told besides x. */
export interface Condition {
  /** As embeddedTime() gives it. */
  timestep: number;
  /** The class, 0 … classes − 1; `classes` itself, or none, is the null class: the sample is told no class. */
  label?: number | undefined;
  /** [tokens, width] of the data, row by row; none is all zeros: the sample is told no context. */
  context?: Float32Array | undefined;
}

/** One of the things that a network is told: an input, and what becomes of it. */
export interface Part {
  kind: string;
  /** `blocks`: an embedding [B, width], added in residual blocks. `context`: [B, tokens, width], for cross-attention. */
  into: 'blocks' | 'context';
  tokens: number;
  width: number;
  parameters: ParameterSpec[];
  /** Name, type and shape of its input, without the batch. */
  input: string;
  dtype: 'float32' | 'int32';
  shape: number[];
  values(conditions: readonly Condition[]): Float32Array | Int32Array;
  embed(tf: typeof TensorFlow, layers: Layers, input: Tensor): Tensor;
}

export type TimeModel = Pick<Model, 'baseChannels' | 'timeOrder' | 'timeFrequencyShift'>;

/** Sine and cosine of the timestep at half as many frequencies, from 1 to about 1/10000. [B] → [B, baseChannels] */
function sinusoids(
  tf: typeof TensorFlow,
  timestep: Tensor,
  { baseChannels, timeOrder, timeFrequencyShift }: TimeModel,
): Tensor {
  const half = baseChannels / 2;
  const frequencies = tf.tensor2d(
    Float32Array.from({ length: half }, (_, i) => Math.exp((-Math.log(10_000) * i) / (half - timeFrequencyShift))),
    [1, half],
  );
  const angles = tf.mul(tf.reshape(timestep, [-1, 1]), frequencies);
  const [cosine, sine] = [tf.cos(angles), tf.sin(angles)];
  return tf.concat(timeOrder === 'CosineFirst' ? [cosine, sine] : [sine, cosine], 1);
}

/** The timestep, embedded as in Ho et al. 2020. @param size of the embedding */
export const timestepAdded = (model: TimeModel, size: number): Part => ({
  kind: 'timestep',
  into: 'blocks',
  tokens: 0,
  width: size,
  parameters: [...denseSpecs('time.0', model.baseChannels, size), ...denseSpecs('time.1', size, size)],
  input: 'timestep',
  dtype: 'float32',
  shape: [],
  values: (conditions) => Float32Array.from(conditions, ({ timestep }) => timestep),
  embed: (tf, { dense, silu }, timestep) => dense('time.1', silu(dense('time.0', sinusoids(tf, timestep, model)))),
});

/** A learned row per class, and a last one for the null class. */
const classTable = (classes: number, width: number): ParameterSpec => ({
  name: 'class.w',
  shape: [classes + 1, width],
  initial: { kind: 'normal', fanIn: 1 },
});

function labelsOf(conditions: readonly Condition[], classes: number): Int32Array {
  return Int32Array.from(conditions, ({ label = classes }) => {
    if (Number.isInteger(label) && label >= 0 && label <= classes) return label;
    throw new Error(`${label} is no label of ${classes} classes`);
  });
}

const labelInput = (classes: number): Pick<Part, 'input' | 'dtype' | 'shape' | 'values'> => ({
  input: 'label',
  dtype: 'int32',
  shape: [],
  values: (conditions) => labelsOf(conditions, classes),
});

/** [B] → [B, width]. A product, because the sum that is a lookup's gradient has no fixed order on GPUs. */
const lookUp = (tf: typeof TensorFlow, table: Tensor, label: Tensor): Tensor =>
  tf.matMul(tf.cast(tf.oneHot(label as never, table.shape[0] as number), 'float32') as never, table as never);

/** The class, added to the embedding of the timestep, as diffusers has it with num_class_embeds = classes + 1. */
export const classAdded = (classes: number, size: number): Part => ({
  kind: `class of ${classes}`,
  into: 'blocks',
  tokens: 0,
  width: size,
  parameters: [classTable(classes, size)],
  ...labelInput(classes),
  embed: (tf, { parameter }, label) => lookUp(tf, parameter('class.w'), label),
});

/** The class as one token of the context, as the class-conditional latent diffusion of Rombach et al. 2022 has it. */
export const classToken = (classes: number, width: number): Part => ({
  kind: `class of ${classes} as a token of ${width}`,
  into: 'context',
  tokens: 1,
  width,
  parameters: [classTable(classes, width)],
  ...labelInput(classes),
  embed: (tf, { parameter }, label) => tf.reshape(lookUp(tf, parameter('class.w'), label), [-1, 1, width]),
});

function contextsOf(conditions: readonly Condition[], tokens: number, width: number): Float32Array {
  const size = tokens * width;
  const values = new Float32Array(conditions.length * size);
  conditions.forEach(({ context }, i) => {
    if (context === undefined) return;
    if (context.length !== size)
      throw new Error(`a context has ${context.length} floats, not ${tokens} tokens of ${width}`);
    values.set(context, i * size);
  });
  return values;
}

/** The context of an image, as it is. */
export const contextTokens = (tokens: number, width: number): Part => ({
  kind: `context of ${tokens} × ${width}`,
  into: 'context',
  tokens,
  width,
  parameters: [],
  input: 'context',
  dtype: 'float32',
  shape: [tokens, width],
  values: (conditions) => contextsOf(conditions, tokens, width),
  embed: (_tf, _layers, context) => context,
});
