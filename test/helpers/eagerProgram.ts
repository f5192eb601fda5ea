import {
  downloadAll,
  type Program,
  type ProgramSpec,
  type Routine,
  scoped,
  type Tensors,
  uploadInputs,
  uploadState,
} from '../../src/trainer/engine/program.ts';
import type { Tensor, TensorFlow } from '../../src/trainer/engine/tensorflow.ts';

/** Runs a program's routines op by op: what a recorded program is compared with. */
export function createEagerProgram(tf: typeof TensorFlow, { state: shapes, routines }: ProgramSpec): Program {
  let state: Tensors = {};
  const replace = (next: Tensors) => {
    const kept = new Set(Object.values(next));
    tf.dispose(Object.values(state).filter((tensor) => !kept.has(tensor)));
    state = next;
  };
  return {
    write: async (parts) => replace(await uploadState(tf, shapes, parts)),
    *read(names) {
      for (const name of names) yield [name, (state[name] as Tensor).dataSync<'float32'>()];
    },
    run(name, inputs) {
      const { inputs: specs, update } = routines[name] as Routine;
      const result = scoped(tf, () => {
        const { outputs, stages } = update(state, uploadInputs(tf, specs, inputs));
        return { outputs, state: Object.assign({}, ...stages.map((stage) => stage())) as Tensors };
      });
      replace({ ...state, ...result.state });
      const values = downloadAll(result.outputs);
      tf.dispose(result.outputs);
      return values;
    },
    dispose: () => replace({}),
  };
}
