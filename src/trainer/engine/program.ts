import { uploadFloats } from './backend.ts';
import type { Tensor, TensorFlow } from './tensorflow.ts';

export type Tensors = Record<string, Tensor>;
export type Values = Record<string, Float32Array>;

/** A part of a program's state by its name. */
export type Part = readonly [name: string, values: Float32Array];
/** Parts in any order, each made as it is asked for: a large state never lies in memory a second time. */
export type Parts = Iterable<Part> | AsyncIterable<Part>;

/**
 * What a program computes: outputs and new state from inputs and state, by tfjs ops only. Anything that varies from call
 * to call has to come in as an input: a recorded program replays the ops, not the JavaScript around them.
 *
 * The new state comes in stages. Nothing of a stage is computed before the state of the stage before it is written, so
 * that what one stage needs for itself is free again in the next.
 */
export type Update = (state: Tensors, inputs: Tensors) => { outputs: Tensors; stages: readonly (() => Tensors)[] };

export interface TensorSpec {
  shape: number[];
  dtype: 'float32' | 'int32';
}

export type InputValues = Record<string, Float32Array | Int32Array>;

export type Precision = 'Float32' | 'BFloat16';

/** A call that a program offers. */
export interface Routine {
  inputs: Record<string, TensorSpec>;
  update: Update;
}

export interface ProgramSpec {
  /** float32 variables that live in the program. */
  state: Record<string, number[]>;
  routines: Record<string, Routine>;
  /** What matrix products and convolutions compute with where not Float32. */
  precision?: Precision;
}

/** Functions with state in common. */
export interface Program {
  /**
   * Sets all of the state; none of it where `parts` throws.
   * @throws Error where a part is missing
   */
  write(parts: Parts): Promise<void>;
  /** The state of these names, in their order. Each part is copied as it is asked for; no routine may run meanwhile. */
  read(names: readonly string[]): Iterable<Part>;
  run(routine: string, inputs: InputValues): Values;
  dispose(): void;
}

/** Uploads inputs, checking that they are those the program was made for. */
export function uploadInputs(tf: typeof TensorFlow, specs: Record<string, TensorSpec>, inputs: InputValues): Tensors {
  return Object.fromEntries(
    Object.entries(specs).map(([name, { shape, dtype }]) => {
      const values = inputs[name];
      if (values === undefined) throw new Error(`input ${name} is missing`);
      return [name, tf.tensor(values, shape, dtype)];
    }),
  );
}

/** Uploads all of the state, part by part, checking that it is that of the program. The tensors are the caller's. */
export async function uploadState(
  tf: typeof TensorFlow,
  shapes: Record<string, number[]>,
  parts: Parts,
): Promise<Tensors> {
  const uploaded: Tensors = {};
  try {
    for await (const [name, values] of parts) {
      const shape = shapes[name];
      if (shape === undefined || uploaded[name] !== undefined) throw new Error(`state ${name} is none, or comes twice`);
      uploaded[name] = uploadFloats(tf, shape, values);
    }
    const missing = Object.keys(shapes).find((name) => uploaded[name] === undefined);
    if (missing !== undefined) throw new Error(`state ${missing} is missing`);
    return uploaded;
  } catch (error) {
    tf.dispose(uploaded);
    throw error;
  }
}

export function downloadAll(tensors: Tensors): Values {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.dataSync<'float32'>()]));
}

/** Calls `body` and frees the tensors that it made. (tfjs' own type wants a tensor back.) */
export const scoped = <T>(tf: typeof TensorFlow, body: () => T): T => tf.tidy(body as () => never) as T;
