// A process that trains a small model from step FROM to step TO and writes its state to the file OUT, as raw float32.
// It begins with the state in the file IN, or with initial weights where that is '-'.
//   node stepProcess.ts FROM TO IN OUT THREADS
import { readFileSync, writeFileSync } from 'node:fs';
import type { Values } from '../../src/trainer/engine/program.ts';
import { createRecordedProgram } from '../../src/trainer/engine/recorder.ts';
import { loadTensorFlow } from '../../src/trainer/engine/tensorflow.ts';
import { conditioningOf } from '../../src/trainer/model/conditioning.ts';
import { parameterSpecs } from '../../src/trainer/model/unet.ts';
import { stateNames } from '../../src/trainer/train/optimizer.ts';
import { stepProgram } from '../../src/trainer/train/step.ts';
import { readState, startWith, stateParts } from './state.ts';
import { stepInputs } from './steps.ts';
import { livelyWeights, smallUnet, training } from './unet.ts';

const [from, to, input, output, threads] = process.argv.slice(2) as [string, string, string, string, string];
const conditioning = conditioningOf(2, smallUnet, {});
const batchSize = 16;

const specs = parameterSpecs(smallUnet, conditioning);
const settings = training({ batchSize });
const names = stateNames(settings.ema);

function loadState(path: string): Values {
  const bytes = readFileSync(path);
  const all = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const size = all.length / names.length;
  return Object.fromEntries(names.map((name, i) => [name, all.slice(i * size, (i + 1) * size)]));
}

const tf = await loadTensorFlow(Number(threads));
const program = createRecordedProgram(tf, stepProgram(tf, smallUnet, conditioning, settings));
await program.write(
  input === '-'
    ? startWith(specs, settings, livelyWeights(smallUnet, conditioning))
    : stateParts(specs, settings.ema, loadState(input)),
);
for (let step = Number(from); step < Number(to); step++)
  program.run('step', stepInputs(smallUnet, conditioning, batchSize, 'V', step));
const state = readState(program, specs, settings.ema);
writeFileSync(output, Buffer.concat(names.map((name) => new Uint8Array((state[name] as Float32Array).buffer))));
