// One process's measurement of the training step: `node bench/gpu/step.ts '{"config":…,"batchSize":…,"xla":…,"steps":…}'`
// prints a Result as JSON. Without an argument it only says which device there is.
import { type Training, trainingSchema } from '../../src/api/spec/training.ts';
import { deviceOf } from '../../src/trainer/engine/device.ts';
import { createRecordedProgram } from '../../src/trainer/engine/recorder.ts';
import { loadTensorFlow } from '../../src/trainer/engine/tensorflow.ts';
import { conditioningOf } from '../../src/trainer/model/conditioning.ts';
import { totalSize } from '../../src/trainer/model/parameters.ts';
import { parameterSpecs } from '../../src/trainer/model/unet.ts';
import { createStep } from '../../src/trainer/train/microBatches.ts';
import { initialState } from '../../src/trainer/train/state.ts';
import { stepProgram } from '../../src/trainer/train/step.ts';
import { stepInputs } from '../../test/helpers/steps.ts';
import type { Network } from './cases.ts';
import { gpuMemoryBytes } from './memory.ts';
import type { Result } from './result.ts';

interface Task extends Network {
  xla: boolean;
  precision: Training['precision'];
  steps: number;
}

const threads = 2;

/** Warm-up steps, before which TensorFlow has chosen no algorithms and XLA compiled nothing. */
const warmUp = 3;

async function measure({ config, conditions, batchSize, xla, precision, steps }: Task): Promise<Result> {
  const tf = await loadTensorFlow(threads, xla);
  const conditioning = conditioningOf(1, config, conditions);
  const specs = parameterSpecs(config, conditioning);
  const began = performance.now();
  const training = trainingSchema.parse({ batchSize, precision });
  const spec = stepProgram(tf, config, conditioning, training);
  const program = createRecordedProgram(tf, spec);
  await program.write(initialState(specs, training));
  const step = createStep(program, spec, training);
  const inputs = stepInputs(config, conditioning, batchSize, 'V', 0);
  let startSeconds = 0;
  const times = Array.from({ length: warmUp + steps }, (_, i) => {
    const started = performance.now();
    step(inputs); // reads the loss back, so that the step is over when it returns
    if (i === 0) startSeconds = (performance.now() - began) / 1000;
    return performance.now() - started;
  });
  const sorted = times.slice(warmUp).sort((a, b) => a - b);
  return {
    device: deviceOf(tf),
    parameters: totalSize(specs),
    imagesPerSecond: (1000 * batchSize) / (sorted[sorted.length >> 1] as number),
    startSeconds,
    memoryBytes: gpuMemoryBytes(),
  };
}

const [task] = process.argv.slice(2);
console.log(
  JSON.stringify(
    task === undefined ? { device: deviceOf(await loadTensorFlow(threads)) } : await measure(JSON.parse(task)),
  ),
);
