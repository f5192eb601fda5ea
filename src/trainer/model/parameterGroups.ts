import type { Tensor, TensorFlow } from '../engine/tensorflow.ts';
import type { Parameters } from './layers.ts';
import { type ParameterSpec, sizeOf } from './parameters.ts';

/**
 * Neighbouring parameters that are one vector, so that a small network is a few ops for the optimizer, however many
 * parameters it has. A large parameter is a vector of its own: taking it out of one would copy it.
 */
export interface ParameterGroup {
  name: string;
  specs: readonly ParameterSpec[];
  /** Floats of all of them. */
  size: number;
}

/** Floats of the largest parameter that shares a vector, 1 MiB, and of the largest vector that is shared, 16 MiB. */
const limits = { parameter: 2 ** 18, group: 2 ** 22 };

/** Cuts parameters into groups; one after the other they are all parameters in their order. @param limits in floats */
export function groupParameters(
  specs: readonly ParameterSpec[],
  { parameter, group }: { parameter: number; group: number } = limits,
): ParameterGroup[] {
  const groups: { specs: ParameterSpec[]; size: number }[] = [];
  let open = false; // whether the last group takes more
  for (const spec of specs) {
    const size = sizeOf(spec.shape);
    const last = groups.at(-1);
    if (open && last !== undefined && size <= parameter && last.size + size <= group) {
      last.specs.push(spec);
      last.size += size;
    } else groups.push({ specs: [spec], size });
    open = size <= parameter;
  }
  return groups.map((each, i) => ({ name: String(i), ...each }));
}

/** Parameters by name from the vectors of their groups. Differentiable. */
export function parametersOf(
  tf: typeof TensorFlow,
  groups: readonly ParameterGroup[],
  vectors: readonly Tensor[],
): Parameters {
  const byName = new Map<string, Tensor>();
  for (const [i, { specs }] of groups.entries()) {
    const vector = vectors[i] as Tensor;
    const sizes = specs.map(({ shape }) => sizeOf(shape));
    const parts = specs.length === 1 ? [vector] : tf.split(vector, sizes);
    for (const [j, { name, shape }] of specs.entries()) byName.set(name, tf.reshape(parts[j] as Tensor, shape));
  }
  return (name) => {
    const tensor = byName.get(name);
    if (tensor === undefined) throw new Error(`the U-Net has no parameter ${name}`);
    return tensor;
  };
}

/**
 * Vectors of the groups from their parameters, which come in any order; each vector as soon as it is whole.
 * @throws Error where one is missing, unknown or of another size
 */
export async function* groupVectors(
  groups: readonly ParameterGroup[],
  parameters: Iterable<NamedValues> | AsyncIterable<NamedValues>,
): AsyncGenerator<readonly [group: ParameterGroup, vector: Float32Array]> {
  const places = new Map(groups.flatMap((group) => placesIn(group)));
  const begun = new Map<ParameterGroup, { vector: Float32Array; missing: number }>();
  for await (const { name, values } of parameters) {
    const place = places.get(name);
    if (place?.size !== values.length) throw new Error(`parameter ${name} is none, comes twice or has another size`);
    places.delete(name);
    const { group, offset } = place;
    const state = begun.get(group) ?? { vector: new Float32Array(group.size), missing: group.specs.length };
    state.vector.set(values, offset);
    state.missing--;
    begun.set(group, state);
    if (state.missing > 0) continue;
    begun.delete(group);
    yield [group, state.vector];
  }
  for (const name of places.keys()) throw new Error(`parameter ${name} is missing`);
}

export interface NamedValues {
  name: string;
  values: Float32Array;
}

/** Where each parameter lies in the vector of its group. */
function placesIn(group: ParameterGroup) {
  let offset = 0;
  return group.specs.map(({ name, shape }) => {
    const size = sizeOf(shape);
    offset += size;
    return [name, { group, offset: offset - size, size }] as const;
  });
}
