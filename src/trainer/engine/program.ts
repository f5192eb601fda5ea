import type { Tensor, TensorFlow } from './tensorflow.ts';

export type Tensors = Record<string, Tensor>;
export type Values = Record<string, Float32Array>;

/**
 * What a program computes: outputs and new state from inputs and state, by tfjs ops only. Anything that varies from call
 * to call has to come in as an input: a recorded program replays the ops, not the JavaScript around them.
 */
export type Update = (state: Tensors, inputs: Tensors) => { outputs: Tensors; state: Tensors };

export interface TensorSpec {
  shape: number[];
  dtype: 'float32' | 'int32';
}

export type InputValues = Record<string, Float32Array | Int32Array>;

export interface ProgramSpec {
  /** float32 variables that live in the program. */
  state: Record<string, number[]>;
  inputs: Record<string, TensorSpec>;
  update: Update;
}

/** A function with state. */
export interface Program {
  /** Sets all of the state. */
  write(state: Values): void;
  read(): Values;
  run(inputs: InputValues): Values;
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

/** Uploads all of the state, checking that it is that of the program. */
export function uploadState(tf: typeof TensorFlow, shapes: Record<string, number[]>, values: Values): Tensors {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const part = values[name];
      if (part === undefined) throw new Error(`state ${name} is missing`);
      return [name, tf.tensor(part, shape, 'float32')];
    }),
  );
}

export function downloadAll(tensors: Tensors): Values {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.dataSync<'float32'>()]));
}

/** Calls `body` and frees the tensors that it made. (tfjs' own type wants a tensor back.) */
export const scoped = <T>(tf: typeof TensorFlow, body: () => T): T => tf.tidy(body as () => never) as T;
