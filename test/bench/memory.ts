// Memory that a step's activations need, as `ddr model describe` says it and as the process's peak shows it (Linux).
//   node test/bench/memory.ts
// Per kind of network two processes take a step each, of 1 and of 13 images; what the peak grows by from one to the other is
// that of 12 images. The parts that do not grow with the batch fall out, and so does what TensorFlow needs for itself.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { modelSchema } from '../../src/api/spec/model.ts';
import { createRecordedProgram } from '../../src/trainer/engine/recorder.ts';
import { loadTensorFlow } from '../../src/trainer/engine/tensorflow.ts';
import { conditioningOf } from '../../src/trainer/model/conditioning.ts';
import { describeNetwork } from '../../src/trainer/model/description.ts';
import { parameterSpecs } from '../../src/trainer/model/unet.ts';
import { initialState } from '../../src/trainer/train/state.ts';
import { stepProgram } from '../../src/trainer/train/step.ts';
import { stepInputs } from '../helpers/steps.ts';
import { training } from '../helpers/unet.ts';

const networks: Record<string, object> = {
  plain: { baseChannels: 32, channelMultipliers: [1, 2, 2] },
  'self-attention': { baseChannels: 32, channelMultipliers: [1, 2], attentionResolutions: [16, 32], headChannels: 16 },
  transformers: { baseChannels: 32, channelMultipliers: [1, 2], transformerDepths: [1, 1], headChannels: 16 },
};
const batches = [1, 13] as const;
/** Of glibc: tensors go back to the system when they are freed, so that what is resident is what is in use. */
const returning = { MALLOC_MMAP_THRESHOLD_: '32768', MALLOC_MMAP_MAX_: '10000000', MALLOC_TRIM_THRESHOLD_: '0' };

const networkOf = (name: string) => {
  const model = modelSchema.parse(networks[name]);
  return { config: { ...model, imageSize: 32, imageChannels: 1 }, conditioning: conditioningOf(2, model, {}) };
};

const memoryOf = (field: string) =>
  1024 * Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);

/** Bytes by which a step raises the process's peak. */
async function growth(name: string, batchSize: number): Promise<number> {
  const { config, conditioning } = networkOf(name);
  const tf = await loadTensorFlow(1);
  const settings = training({ batchSize });
  const program = createRecordedProgram(tf, stepProgram(tf, config, conditioning, settings));
  await program.write(initialState(parameterSpecs(config, conditioning), settings));
  writeFileSync('/proc/self/clear_refs', '5'); // the peak begins anew
  const before = memoryOf('VmRSS');
  program.run('step', stepInputs(config, conditioning, batchSize, 'V', 0));
  return memoryOf('VmHWM') - before;
}

const [name, batchSize] = process.argv.slice(2);
if (name !== undefined) {
  console.log(await growth(name, Number(batchSize)));
} else {
  for (const each of Object.keys(networks)) {
    const env = { ...process.env, ...returning };
    const [one, many] = batches.map((batch) =>
      Number(execFileSync(process.execPath, [import.meta.filename, each, String(batch)], { encoding: 'utf8', env })),
    ) as [number, number];
    const { config, conditioning } = networkOf(each);
    const described = describeNetwork(config, conditioning, 1).memory.activations;
    const measured = (many - one) / (batches[1] - batches[0]);
    const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
    console.log(each, 'described', mebibytes(described), 'measured', mebibytes(measured), 'MiB an image');
  }
}
