import type { Model } from '../../api/spec/model.ts';
import type { InputValues, TensorSpec, Tensors } from '../engine/program.ts';
import type { Tensor, Tensor4D, TensorFlow } from '../engine/tensorflow.ts';
import {
  type Condition,
  classAdded,
  classToken,
  contextTokens,
  type Part,
  type TimeModel,
  timestepAdded,
} from './conditions.ts';
import type { Layers } from './layers.ts';
import { denseSpecs, type ParameterSpec } from './parameters.ts';

export type { Condition } from './conditions.ts';

/** What data offer to tell a network of an image. */
export interface Conditions {
  /** Classes that there are; an image's label is below it. */
  classes?: number | undefined;
  /** Shape of an image's context, such as the tokens of a text encoder. */
  context?: { tokens: number; width: number } | undefined;
}

/** What a network is told, embedded. */
export interface Embedded {
  /** What a residual block does with h [B, H, W, C] because of it. @param block its name */
  residual(block: string, h: Tensor4D): Tensor4D;
  /** What cross-attention looks at [B, tokens, width]; undefined where a network has none. */
  context: Tensor | undefined;
}

/** What a network is told besides x: the parameters and inputs that this takes, and where it goes in. */
export interface Conditioning {
  /** Networks of one configuration with equal kinds are alike. */
  kind: string;
  /** Floats of each token that cross-attention looks at; 0 where there are none. */
  contextWidth: number;
  /** Tokens that cross-attention looks at. */
  contextTokens: number;
  /** Parameters of its own, which come before all others of a network. */
  parameters(): ParameterSpec[];
  /** Parameters that a residual block with so many channels has for it. */
  blockParameters(block: string, channels: number): ParameterSpec[];
  /** Inputs of a program, for a batch. */
  inputs(batchSize: number): Record<string, TensorSpec>;
  /**
   * Values of those inputs, one condition per sample. Without a label it is the null class, without a context all zeros.
   * @throws Error where a label or context is not one of the data's
   */
  values(conditions: readonly Condition[]): InputValues;
  /** Embeds the inputs, once in a forward pass. @throws Error where an input is missing */
  embed(tf: typeof TensorFlow, layers: Layers, inputs: Tensors): Embedded;
}

/** Timesteps that the frequencies of the embedding were chosen for. */
const embeddedTimesteps = 1000;

/** A timestep of a T-schedule as the embedding takes it: the same noise has the same embedding for every T. */
export const embeddedTime = (timestep: number, timesteps: number): number => (timestep * embeddedTimesteps) / timesteps;

/** A model of one state that is told nothing: its timestep would be a constant. */
export const unconditioned: Conditioning = {
  kind: 'none',
  contextWidth: 0,
  contextTokens: 0,
  parameters: () => [],
  blockParameters: () => [],
  inputs: () => ({}),
  values: () => ({}),
  embed: () => ({ residual: (_block, h) => h, context: undefined }),
};

const required = (inputs: Tensors, name: string): Tensor => {
  const input = inputs[name];
  if (input === undefined) throw new Error(`this network takes a ${name}`);
  return input;
};

/** Several parts as one: embeddings are added, tokens follow one another. @param size floats of an embedding */
function conditioningFrom(parts: readonly Part[], size: number): Conditioning {
  const added = parts.filter(({ into }) => into === 'blocks');
  const tokens = parts.filter(({ into }) => into === 'context');
  return {
    kind: parts.map(({ kind }) => kind).join(' + '),
    contextWidth: tokens[0]?.width ?? 0,
    contextTokens: tokens.reduce((sum, part) => sum + part.tokens, 0),
    parameters: () => parts.flatMap(({ parameters }) => parameters),
    blockParameters: (block, channels) => (added.length === 0 ? [] : denseSpecs(`${block}.time`, size, channels)),
    inputs: (batchSize) =>
      Object.fromEntries(
        parts.map(({ input, dtype, shape }) => [input, { shape: [batchSize, ...shape], dtype }] as const),
      ),
    values: (conditions) => Object.fromEntries(parts.map(({ input, values }) => [input, values(conditions)] as const)),
    embed(tf, layers, inputs) {
      const embedded = (part: Part) => part.embed(tf, layers, required(inputs, part.input));
      const context = tokens.length === 0 ? undefined : tf.concat(tokens.map(embedded), 1);
      const [first, ...others] = added.map(embedded);
      if (first === undefined) return { residual: (_block, h) => h, context };
      // Of the SiLU that comes before the dense layer of every block, once here.
      const embedding = layers.silu(others.reduce((sum, other) => tf.add(sum, other), first));
      return {
        residual: (block, h) => tf.add(h, tf.reshape(layers.dense(`${block}.time`, embedding), [-1, 1, 1, h.shape[3]])),
        context,
      };
    },
  };
}

/**
 * What a model of so many latent states is told, of what the data offer.
 * @param model its network
 */
export function conditioningOf(
  states: number,
  model: TimeModel & Pick<Model, 'timeEmbedding' | 'classEmbedding' | 'classTokenWidth'>,
  { classes, context }: Conditions,
): Conditioning {
  const { baseChannels, timeEmbedding, classEmbedding, classTokenWidth } = model;
  const size = baseChannels * 4;
  const parts: Part[] = [];
  if (states > 1 || timeEmbedding === 'Always') parts.push(timestepAdded(model, size));
  if (classes !== undefined && classEmbedding === 'Added') parts.push(classAdded(classes, size));
  if (classes !== undefined && classEmbedding === 'Token')
    parts.push(classToken(classes, context?.width ?? classTokenWidth));
  if (context !== undefined) parts.push(contextTokens(context.tokens, context.width));
  return parts.length === 0 ? unconditioned : conditioningFrom(parts, size);
}
