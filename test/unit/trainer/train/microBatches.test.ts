import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InputValues } from '../../../../src/trainer/engine/program.ts';
import { createRecordedProgram } from '../../../../src/trainer/engine/recorder.ts';
import { loadTensorFlow } from '../../../../src/trainer/engine/tensorflow.ts';
import { conditioningOf } from '../../../../src/trainer/model/conditioning.ts';
import { parameterSpecs } from '../../../../src/trainer/model/unet.ts';
import { createStep } from '../../../../src/trainer/train/microBatches.ts';
import { stateNames } from '../../../../src/trainer/train/optimizer.ts';
import { stepProgram } from '../../../../src/trainer/train/step.ts';
import { readState, startWith } from '../../../helpers/state.ts';
import { stepInputs } from '../../../helpers/steps.ts';
import { livelyWeights, relativeError, smallUnet, training } from '../../../helpers/unet.ts';

const tf = await loadTensorFlow(1);
const conditioning = conditioningOf(2, smallUnet, {});
const specs = parameterSpecs(smallUnet, conditioning);
const batchSize = 4;

async function afterSteps(microBatchSize: number) {
  // Adam makes full steps of gradients that are 0 but for rounding, unless epsilon is larger than those.
  const settings = training({ batchSize, microBatchSize, optimizer: { epsilon: 1e-3 } });
  const spec = stepProgram(tf, smallUnet, conditioning, settings);
  const program = createRecordedProgram(tf, spec);
  await program.write(startWith(specs, settings, livelyWeights(smallUnet, conditioning)));
  const step = createStep(program, spec, settings);
  const losses = [0, 1, 2].map((i) => step(stepInputs(smallUnet, conditioning, batchSize, 'V', i)));
  const state = readState(program, specs, settings.ema);
  program.dispose();
  return { losses, state, names: stateNames(settings.ema) };
}

test('micro-batches of any divisor come to the same as the whole batch', async () => {
  const whole = await afterSteps(0);
  for (const microBatchSize of [1, 2]) {
    const { losses, state, names } = await afterSteps(microBatchSize);
    assert.ok(relativeError(losses, whole.losses) < 1e-5, `losses in ${microBatchSize}`);
    for (const name of names) {
      const error = relativeError(state[name] as Float32Array, whole.state[name] as Float32Array);
      assert.ok(error < 1e-5, `${name} in ${microBatchSize} is ${error} away`);
    }
  }
});

test('each call gets the inputs of its samples, and the optimizer is called once', () => {
  const calls: [string, InputValues][] = [];
  const program = {
    write: async () => {},
    read: () => [],
    dispose: () => {},
    run(routine: string, inputs: InputValues) {
      calls.push([routine, inputs]);
      return { loss: Float32Array.of(calls.length) };
    },
  };
  const inputs = { x: { shape: [1, 2], dtype: 'float32' }, seed: { shape: [2], dtype: 'int32' } } as const;
  const update = () => ({ outputs: {}, stages: [] });
  const routines = {
    accumulate: { inputs: { x: { ...inputs.x, shape: [1, 2] }, seed: { ...inputs.seed, shape: [2] } }, update },
  };
  const step = createStep(program, { routines }, { batchSize: 2, microBatchSize: 1 });
  const seed = Int32Array.of(7, 8);
  assert.equal(step({ x: Float32Array.of(1, 2, 3, 4), seed }), 1.5);
  assert.deepEqual(
    calls.map(([routine, { x, rows, keep }]) => [routine, x, rows, keep]),
    [
      ['accumulate', Float32Array.of(1, 2), Int32Array.of(0), Float32Array.of(0)],
      ['accumulate', Float32Array.of(3, 4), Int32Array.of(1), Float32Array.of(1)],
      ['apply', Float32Array.of(1, 2, 3, 4), undefined, undefined],
    ],
  );
  assert.ok(
    calls.every(([, own]) => own.seed === seed),
    'the noise is that of the whole batch',
  );
});
