// Images per second of one training step: eager against recorded, in one run.
//   node test/bench/step.ts [baseChannels] [batchSize] [threads] [steps]
import { trainingSchema } from '../../src/api/spec/training.ts';
import { createEagerProgram, type Program } from '../../src/trainer/engine/program.ts';
import { createRecordedProgram } from '../../src/trainer/engine/recorder.ts';
import { loadTensorFlow } from '../../src/trainer/engine/tensorflow.ts';
import { initialWeights, totalSize } from '../../src/trainer/model/parameters.ts';
import { parameterSpecs } from '../../src/trainer/model/unet.ts';
import { stepProgram } from '../../src/trainer/train/step.ts';

const [baseChannels = 16, batchSize = 48, threads = 2, steps = 10] = process.argv.slice(2).map(Number);
const tf = await loadTensorFlow(threads);
const config = {
  imageSize: 28,
  imageChannels: 1,
  timeEmbedding: false,
  baseChannels,
  channelMultipliers: [1, 2, 2],
  residualBlocks: 1,
  attentionResolutions: [7],
};
const spec = stepProgram(tf, config, trainingSchema.parse({ batchSize }));
const parameters = parameterSpecs(config);
const weights = initialWeights(parameters, 1);
const fill = (size: number, value: number) => new Float32Array(size).fill(value);
const inputs = (step: number) => ({
  images: fill(batchSize * 28 * 28, 0.5),
  seed: Int32Array.of(1, step),
  signal: fill(batchSize, 0.8),
  noise: fill(batchSize, 0.6),
  targetImage: fill(batchSize, -0.6),
  targetNoise: fill(batchSize, 0.8),
  learningRate: Float32Array.of(1e-3),
  decay: Float32Array.of(0.99),
  correction1: Float32Array.of(1),
  correction2: Float32Array.of(1),
});

function imagesPerSecond(program: Program): number {
  const zeros = new Float32Array(weights.length);
  program.write({ weights, firstMoment: zeros, secondMoment: zeros, average: weights });
  for (let step = 0; step < 3; step++) program.run(inputs(step));
  const times = Array.from({ length: steps }, (_, step) => {
    const started = performance.now();
    program.run(inputs(step));
    return performance.now() - started;
  }).sort((a, b) => a - b);
  return (1000 * batchSize) / (times[times.length >> 1] as number);
}

const started = performance.now();
const recorded = createRecordedProgram(tf, spec);
const recordingSeconds = (performance.now() - started) / 1000;
const [eager, fast] = [imagesPerSecond(createEagerProgram(tf, spec)), imagesPerSecond(recorded)];
console.log(
  JSON.stringify({
    parameters: totalSize(parameters),
    batchSize,
    threads,
    eagerImagesPerSecond: Math.round(eager),
    recordedImagesPerSecond: Math.round(fast),
    ratio: Number((fast / eager).toFixed(2)),
    recordingSeconds: Number(recordingSeconds.toFixed(2)),
  }),
);
