import type { Training } from '../../api/spec/training.ts';
import type { Part, Parts, Program } from '../engine/program.ts';
import { groupParameters, groupVectors, type NamedValues, type ParameterGroup } from '../model/parameterGroups.ts';
import { initialWeights, type ParameterSpec } from '../model/parameters.ts';
import { averageNames, stateNames } from './optimizer.ts';

/** Name of a group's vector in the program's state. */
export const stateName = (name: string, group: Pick<ParameterGroup, 'name'>): string => `${name}.${group.name}`;

/** Reads `count` floats of a vector of all parameters, beginning at `from`. */
export type ReadVector = (name: string, from: number, count: number) => Promise<Float32Array>;

/**
 * The state that training begins with: initial weights, which the averages are too, and no moments.
 * @param weights of the parameters in any order; random ones where left out
 */
export async function* initialState(
  parameters: readonly ParameterSpec[],
  { seed, ema }: Pick<Training, 'seed' | 'ema'>,
  weights: Iterable<NamedValues> | AsyncIterable<NamedValues> = initialWeights(parameters, seed),
): AsyncGenerator<Part> {
  const groups = groupParameters(parameters);
  for await (const [group, vector] of groupVectors(groups, weights)) {
    for (const name of ['weights', ...averageNames(ema)]) yield [stateName(name, group), vector];
    for (const name of ['firstMoment', 'secondMoment']) yield [stateName(name, group), new Float32Array(vector.length)];
  }
}

/** The state of vectors that each hold all parameters in their order, as a checkpoint has them. */
export async function* stateOf(
  parameters: readonly ParameterSpec[],
  ema: Training['ema'],
  read: ReadVector,
): AsyncGenerator<Part> {
  for (const name of stateNames(ema)) {
    let from = 0;
    for (const group of groupParameters(parameters)) {
      yield [stateName(name, group), await read(name, from, group.size)];
      from += group.size;
    }
  }
}

/** Vectors of all parameters out of a program, one after the other, in pieces. No routine may run meanwhile. */
export function* piecesOf(
  program: Program,
  parameters: readonly ParameterSpec[],
  names: readonly string[],
): Generator<Float32Array> {
  const groups = groupParameters(parameters);
  const parts = names.flatMap((name) => groups.map((group) => stateName(name, group)));
  for (const [, values] of program.read(parts)) yield values;
}

/** A state with an empty sum of gradients, for a program that adds them up. */
export async function* withGradients(parameters: readonly ParameterSpec[], state: Parts): AsyncGenerator<Part> {
  yield* state;
  for (const group of groupParameters(parameters)) yield [stateName('gradient', group), new Float32Array(group.size)];
}
