// Whether BFloat16 changes what a training comes to by more than another seed does: losses of a tiny network over 2,000 steps,
// with Float32 from several seeds, and with BFloat16 from the first of them.
//   node bench/precision.ts [--steps 2000] [--seeds 3] [--batch 8] [--threads 1]
import { parseArgs } from 'node:util';
import { modelSchema } from '../src/api/spec/model.ts';
import { type Training, trainingSchema } from '../src/api/spec/training.ts';
import { normals, seedPair, streams } from '../src/diffusion/random.ts';
import { createRecordedProgram } from '../src/trainer/engine/recorder.ts';
import { loadTensorFlow } from '../src/trainer/engine/tensorflow.ts';
import { unconditioned } from '../src/trainer/model/conditioning.ts';
import { parameterSpecs } from '../src/trainer/model/unet.ts';
import { createStep } from '../src/trainer/train/microBatches.ts';
import { initialState } from '../src/trainer/train/state.ts';
import { stepProgram } from '../src/trainer/train/step.ts';
import { stepInputs } from '../test/helpers/steps.ts';

const option = (value: string) => ({ type: 'string', default: value }) as const;
const { values } = parseArgs({
  options: { steps: option('2000'), seeds: option('3'), batch: option('8'), threads: option('1') },
});
const [steps, seeds, batchSize, threads] = [values.steps, values.seeds, values.batch, values.threads].map(Number) as [
  number,
  number,
  number,
  number,
];
const config = {
  ...modelSchema.parse({ baseChannels: 16, channelMultipliers: [1, 2], attentionResolutions: [4] }),
  imageSize: 8,
  imageChannels: 1,
};
/** Points of the curve, each the mean over as many steps. */
const points = 10;

const tf = await loadTensorFlow(threads);

/** Blobs at random places: what is to be learned. */
function images(seed: number, step: number): Float32Array {
  const places = normals(seed, streams.order, step, 2 * batchSize);
  const pixel = (i: number) => {
    const [sample, y, x] = [Math.floor(i / 64), Math.floor(i / 8) % 8, i % 8];
    const [a, b] = [places[2 * sample] as number, places[2 * sample + 1] as number];
    return 2 * Math.exp(-((x - 3.5 - a) ** 2 + (y - 3.5 - b) ** 2) / 4) - 1;
  };
  return Float32Array.from({ length: batchSize * 64 }, (_, i) => pixel(i));
}

async function curve(seed: number, precision: Training['precision']): Promise<number[]> {
  const training = trainingSchema.parse({ batchSize, precision, seed, threads });
  const spec = stepProgram(tf, config, unconditioned, training);
  const program = createRecordedProgram(tf, spec);
  await program.write(initialState(parameterSpecs(config, unconditioned), training));
  const step = createStep(program, spec, training);
  const sums = new Array<number>(points).fill(0);
  for (let i = 0; i < steps; i++) {
    const noise = Int32Array.from(seedPair(seed, streams.noise, i));
    const loss = step({
      ...stepInputs(config, unconditioned, batchSize, 'V', i),
      images: images(seed, i),
      seed: noise,
    });
    const point = Math.floor((i * points) / steps);
    sums[point] = (sums[point] as number) + (loss * points) / steps;
  }
  program.dispose();
  return sums;
}

const show = (losses: number[]) => losses.map((loss) => loss.toFixed(4)).join('  ');
const exact: number[][] = [];
for (let seed = 1; seed <= seeds; seed++) {
  exact.push(await curve(seed, 'Float32'));
  console.log(`Float32, seed ${seed}   ${show(exact.at(-1) as number[])}`);
}
const rounded = await curve(1, 'BFloat16');
console.log(`BFloat16, seed 1  ${show(rounded)}`);
const last = (losses: number[] | undefined) => losses?.at(-1) as number;
const ends = exact.map(last);
const between = Math.max(...ends) - Math.min(...ends);
const difference = Math.abs(last(rounded) - last(exact[0]));
const verdict = difference <= between ? 'within seed noise' : 'MORE than seed noise';
console.log(`the last point: BFloat16 differs by ${difference.toFixed(4)}, seeds by ${between.toFixed(4)}: ${verdict}`);
process.exitCode = difference <= between ? 0 : 1;
