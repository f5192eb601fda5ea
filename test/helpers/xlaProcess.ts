// A process that runs a few ops as a recorded program and prints what comes out, with XLA where its argument is "xla".
import { createRecordedProgram } from '../../src/trainer/engine/recorder.ts';
import { loadTensorFlow } from '../../src/trainer/engine/tensorflow.ts';

const tf = await loadTensorFlow(1, process.argv[2] === 'xla');
const program = createRecordedProgram(tf, {
  state: {},
  routines: {
    chain: {
      inputs: { x: { shape: [8], dtype: 'float32' } },
      update(_state, { x }) {
        let y = x ?? tf.zeros([8]);
        for (let i = 0; i < 12; i++) y = tf.add(tf.mul(y, tf.sigmoid(y)), tf.tanh(y));
        return { outputs: { y }, stages: [] };
      },
    },
  },
});
const { y } = program.run('chain', { x: Float32Array.from({ length: 8 }, (_, i) => i / 8) });
process.stdout.write(JSON.stringify({ y: Array.from(y ?? []), growth: process.env.TF_FORCE_GPU_ALLOW_GROWTH }));
