import type { FloatTensor } from '../../formats/safetensors.ts';
import { type ParameterSpec, sizeOf } from '../parameters.ts';
import { theirNames } from './names.ts';

/** How one of our parameters lies in diffusers' files. */
interface Layout {
  names: string[];
  /** Of each of their tensors. */
  shape: number[];
  /** Ours is [taps, from, to × names], theirs [to, from, taps] each; taps are pixels of a kernel. */
  taps: number;
  from: number;
  to: number;
}

function layoutOf({ name, shape }: ParameterSpec, levels: number): Layout {
  const names = theirNames(name, levels);
  const to = (shape.at(-1) as number) / names.length;
  if (shape.length === 1) return { names, shape: [to], taps: 1, from: 1, to };
  // A table's rows are looked up, not multiplied with: it lies as it is.
  if (name === 'class.w') return { names, shape, taps: sizeOf(shape), from: 1, to: 1 };
  const from = shape.at(-2) as number;
  const isKernel = shape.length === 4 && !name.includes('.attention.'); // whose 1×1 kernels are matrices there
  const kernel = isKernel ? shape.slice(0, 2) : [];
  return { names, shape: [to, from, ...kernel], taps: sizeOf(kernel), from, to };
}

/** Calls `visit` with every place of ours and its place in the which-th of theirs. */
function forEachPlace({ names, taps, from, to }: Layout, visit: (ours: number, which: number, theirs: number) => void) {
  let ours = 0;
  for (let tap = 0; tap < taps; tap++)
    for (let input = 0; input < from; input++)
      for (let which = 0; which < names.length; which++)
        for (let output = 0; output < to; output++) visit(ours++, which, (output * from + input) * taps + tap);
}

/** A parameter of ours as diffusers' tensors, by name. @param levels of the network */
export function toTheirs(spec: ParameterSpec, values: Float32Array, levels: number): [string, FloatTensor][] {
  const layout = layoutOf(spec, levels);
  const tensors = layout.names.map(() => new Float32Array(values.length / layout.names.length));
  forEachPlace(layout, (ours, which, theirs) => {
    (tensors[which] as Float32Array)[theirs] = values[ours] as number;
  });
  return layout.names.map((name, i) => [name, { shape: layout.shape, values: tensors[i] as Float32Array }]);
}

/** Names and shapes of diffusers' tensors that hold a parameter of ours. */
export function theirTensors(spec: ParameterSpec, levels: number): { name: string; shape: number[] }[] {
  const { names, shape } = layoutOf(spec, levels);
  return names.map((name) => ({ name, shape }));
}

/**
 * A parameter of ours from diffusers' tensors.
 * @param tensor gives one of the name and shape
 */
export function fromTheirs(
  spec: ParameterSpec,
  levels: number,
  tensor: (name: string, shape: readonly number[]) => Float32Array,
): Float32Array {
  const layout = layoutOf(spec, levels);
  const tensors = layout.names.map((name) => tensor(name, layout.shape));
  const values = new Float32Array(sizeOf(spec.shape));
  forEachPlace(layout, (ours, which, theirs) => {
    values[ours] = (tensors[which] as Float32Array)[theirs] as number;
  });
  return values;
}
