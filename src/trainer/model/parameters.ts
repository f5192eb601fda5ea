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

/** Initial weights, parameter by parameter in the order of `specs`: a function of the seed and of each one's position. */
export function* initialWeights(
  specs: readonly ParameterSpec[],
  seed: number,
): Generator<{ name: string; shape: number[]; values: Float32Array }> {
  for (const [index, { name, shape, initial }] of specs.entries()) {
    const values = new Float32Array(sizeOf(shape));
    if (initial.kind === 'ones') values.fill(1);
    if (initial.kind === 'normal') {
      const deviation = 1 / Math.sqrt(initial.fanIn);
      values.set(normals(seed, streams.weights, index, values.length).map((value) => value * deviation));
    }
    yield { name, shape, values };
  }
}
