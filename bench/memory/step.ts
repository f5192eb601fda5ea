// Takes steps of training and prints the peak of this process's memory, in bytes: for bench/memory/main.ts.
import { parseArgs } from 'node:util';
import { trainingSchema } from '../../src/api/spec/training.ts';
import { createRecordedProgram } from '../../src/trainer/engine/recorder.ts';
import { loadTensorFlow } from '../../src/trainer/engine/tensorflow.ts';
import { unconditioned } from '../../src/trainer/model/conditioning.ts';
import { parameterSpecs } from '../../src/trainer/model/unet.ts';
import { createStep } from '../../src/trainer/train/microBatches.ts';
import { initialState, withGradients } from '../../src/trainer/train/state.ts';
import { samplesAtOnce, stepProgram } from '../../src/trainer/train/step.ts';
import { stepInputs } from '../../test/helpers/steps.ts';
import { networkOf, networkOptions } from './network.ts';

const { values } = parseArgs({ options: { ...networkOptions, micro: { type: 'string', default: '0' } } });
const [batchSize, microBatchSize, threads, steps] = [values.batch, values.micro, values.threads, values.steps].map(
  Number,
) as [number, number, number, number];
const tf = await loadTensorFlow(threads);
const config = networkOf(values);
const training = trainingSchema.parse({ batchSize, microBatchSize, threads, seed: 1 });
const specs = parameterSpecs(config, unconditioned);
const spec = stepProgram(tf, config, unconditioned, training);
const program = createRecordedProgram(tf, spec);
const start = initialState(specs, training);
await program.write(samplesAtOnce(training) < batchSize ? withGradients(specs, start) : start);
const step = createStep(program, spec, training);
for (let i = 0; i < steps; i++) step(stepInputs(config, unconditioned, batchSize, 'V', i));
console.log(process.resourceUsage().maxRSS * 1024);
