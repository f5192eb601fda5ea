import {
  downloadAll,
  type Program,
  type ProgramSpec,
  scoped,
  type Tensors,
  uploadInputs,
  uploadState,
} from '../../src/trainer/engine/program.ts';
import type { TensorFlow } from '../../src/trainer/engine/tensorflow.ts';

/** Runs a program's update op by op: what a recorded program is compared with. */
export function createEagerProgram(
  tf: typeof TensorFlow,
  { state: shapes, inputs: specs, update }: ProgramSpec,
): Program {
  let state: Tensors = {};
  const replace = (next: Tensors) => {
    const kept = new Set(Object.values(next));
    tf.dispose(Object.values(state).filter((tensor) => !kept.has(tensor)));
    state = next;
  };
  return {
    write: (values) => replace(uploadState(tf, shapes, values)),
    read: () => downloadAll(state),
    run(inputs) {
      const result = scoped(tf, () => update(state, uploadInputs(tf, specs, inputs)));
      replace({ ...state, ...result.state });
      const values = downloadAll(result.outputs);
      tf.dispose(result.outputs);
      return values;
    },
    dispose: () => replace({}),
  };
}
