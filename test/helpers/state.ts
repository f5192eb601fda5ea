import type { Training } from '../../src/api/spec/training.ts';
import type { Part, Program, Values } from '../../src/trainer/engine/program.ts';
import type { ParameterSpec } from '../../src/trainer/model/parameters.ts';
import { averageNames, stateNames } from '../../src/trainer/train/optimizer.ts';
import { piecesOf, stateOf, withGradients } from '../../src/trainer/train/state.ts';

/** Pieces one after the other. */
export function joined(pieces: Iterable<Float32Array>): Float32Array {
  const all = [...pieces];
  const result = new Float32Array(all.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of all) {
    result.set(piece, offset);
    offset += piece.length;
  }
  return result;
}

/** State of training as vectors of all parameters, by name. */
export const stateParts = (specs: readonly ParameterSpec[], ema: Training['ema'], vectors: Values) =>
  stateOf(specs, ema, async (name, from, count) => (vectors[name] as Float32Array).slice(from, from + count));

/** State that begins with weights, a vector of all parameters; with an empty sum of gradients where the program adds them up. */
export function startWith(
  specs: readonly ParameterSpec[],
  { ema, batchSize, microBatchSize }: Training,
  weights: Float32Array,
): AsyncGenerator<Part> {
  const zeros = new Float32Array(weights.length);
  const averages = averageNames(ema).map((name) => [name, weights] as const);
  const vectors = { weights, firstMoment: zeros, secondMoment: zeros, ...Object.fromEntries(averages) };
  const start = stateParts(specs, ema, vectors);
  return microBatchSize % batchSize === 0 ? start : withGradients(specs, start);
}

/** State of a step program as vectors of all parameters. */
export const readState = (program: Program, specs: readonly ParameterSpec[], ema: Training['ema']): Values =>
  Object.fromEntries(stateNames(ema).map((name) => [name, joined(piecesOf(program, specs, [name]))]));
