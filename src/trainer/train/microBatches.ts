import type { Training } from '../../api/spec/training.ts';
import type { InputValues, Program, ProgramSpec } from '../engine/program.ts';
import { sizeOf } from '../model/parameters.ts';
import { samplesAtOnce } from './step.ts';

/** Inputs of some samples, of those of the whole batch: what holds as many values more as there are more samples is cut. */
function inputsOfRows(
  specs: ProgramSpec['routines'][string]['inputs'],
  inputs: InputValues,
  part: number,
): InputValues {
  return Object.fromEntries(
    Object.entries(specs).flatMap(([name, { shape }]) => {
      const [values, size] = [inputs[name], sizeOf(shape)];
      if (values === undefined) return [];
      return [[name, values.length === size ? values : values.slice(part * size, (part + 1) * size)]];
    }),
  );
}

/**
 * Takes optimizer steps of a step program, in one call or, to need less memory, in one for each micro-batch. What a sample
 * is made of follows from its place in the batch, so that both come to the same but for the order of sums.
 * @returns takes the inputs of a whole batch and gives its loss
 */
export function createStep(
  program: Program,
  { routines }: Pick<ProgramSpec, 'routines'>,
  training: Pick<Training, 'batchSize' | 'microBatchSize'>,
): (inputs: InputValues) => number {
  const { accumulate } = routines;
  if (accumulate === undefined) return (inputs) => program.run('step', inputs).loss?.[0] as number;
  const size = samplesAtOnce(training);
  const parts = training.batchSize / size;
  return (inputs) => {
    let sum = 0;
    for (let part = 0; part < parts; part++) {
      const rows = Int32Array.from({ length: size }, (_, i) => part * size + i);
      const own = inputsOfRows(accumulate.inputs, inputs, part);
      sum += program.run('accumulate', { ...own, rows, keep: Float32Array.of(part === 0 ? 0 : 1) }).loss?.[0] as number;
    }
    program.run('apply', inputs);
    return sum / parts;
  };
}
