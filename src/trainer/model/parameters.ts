import type { NetworkShape } from '../../api/spec/dataset.ts';
import type { Model } from '../../api/spec/model.ts';
import { normals, streams } from '../../diffusion/random.ts';

/** Everything that decides a U-Net's shape. */
export interface UnetConfig extends Model {
  /** Height and width in pixels. */
  imageSize: number;
  imageChannels: number;
}

/** @param image what the network sees */
export const unetConfig = (model: Model, image: NetworkShape): UnetConfig => ({
  ...model,
  imageSize: image.size,
  imageChannels: image.channels,
});

/** How a parameter begins: at 0, at 1, or normal with deviation 1/√fanIn. */
export type Initial = { kind: 'zeros' } | { kind: 'ones' } | { kind: 'normal'; fanIn: number };

export interface ParameterSpec {
  name: string;
  shape: number[];
  initial: Initial;
}

/** Parameters of a dense layer. */
export const denseSpecs = (name: string, from: number, to: number): ParameterSpec[] => [
  { name: `${name}.w`, shape: [from, to], initial: { kind: 'normal', fanIn: from } },
  { name: `${name}.b`, shape: [to], initial: { kind: 'zeros' } },
];

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** Floats that all parameters have together. */
export const totalSize = (specs: readonly ParameterSpec[]): number =>
  specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);

/** Initial weights as one vector in the order of `specs`: a function of the seed and of each parameter's position. */
export function initialWeights(specs: readonly ParameterSpec[], seed: number): Float32Array {
  const weights = new Float32Array(totalSize(specs));
  let offset = 0;
  specs.forEach(({ shape, initial }, index) => {
    const size = sizeOf(shape);
    const part = weights.subarray(offset, offset + size);
    if (initial.kind === 'ones') part.fill(1);
    if (initial.kind === 'normal') {
      const deviation = 1 / Math.sqrt(initial.fanIn);
      part.set(normals(seed, streams.weights, index, size).map((value) => value * deviation));
    }
    offset += size;
  });
  return weights;
}

/** The vector's parts by name. */
export function splitWeights(
  specs: readonly ParameterSpec[],
  weights: Float32Array,
): { name: string; shape: number[]; values: Float32Array }[] {
  let offset = 0;
  return specs.map(({ name, shape }) => {
    const size = sizeOf(shape);
    offset += size;
    return { name, shape, values: weights.subarray(offset - size, offset) };
  });
}
