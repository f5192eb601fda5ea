import assert from 'node:assert/strict';
import { test } from 'node:test';
import { predictions } from '../../../../src/diffusion/prediction.ts';
import { statelessNormal } from '../../../../src/trainer/engine/backend.ts';
import type { Program, Values } from '../../../../src/trainer/engine/program.ts';
import { createRecordedProgram } from '../../../../src/trainer/engine/recorder.ts';
import { loadTensorFlow } from '../../../../src/trainer/engine/tensorflow.ts';
import { unconditioned } from '../../../../src/trainer/model/conditioning.ts';
import { parameterSpecs } from '../../../../src/trainer/model/unet.ts';
import { stateNames, type TrainingState } from '../../../../src/trainer/train/optimizer.ts';
import { initialState } from '../../../../src/trainer/train/state.ts';
import { stepProgram } from '../../../../src/trainer/train/step.ts';
import { createEagerProgram } from '../../../helpers/eagerProgram.ts';
import { readState, startWith } from '../../../helpers/state.ts';
import { stepInputs } from '../../../helpers/steps.ts';
import {
  conditionings,
  formulaImages,
  formulaWeights,
  livelyWeights,
  relativeError,
  smallUnet,
  thinned,
  torchFixture,
  training,
} from '../../../helpers/unet.ts';

const tf = await loadTensorFlow(1);
const batchSize = 4;
const both = [createEagerProgram, createRecordedProgram];

const lossOf = (program: Program, inputs: ReturnType<typeof stepInputs>) =>
  program.run('step', inputs).loss?.[0] as number;

for (const conditioning of conditionings(smallUnet)) {
  for (const prediction of predictions) {
    test(`the recorded step is the eager one: told ${conditioning.kind}, ${prediction}`, async () => {
      const config = smallUnet;
      // Adam makes full steps of gradients that are 0 but for rounding, unless epsilon is larger than those.
      const settings = training({ optimizer: { epsilon: 1e-5 } });
      const specs = parameterSpecs(config, conditioning);
      const spec = stepProgram(tf, config, conditioning, settings);
      const [eager, recorded] = both.map((create) => create(tf, spec)) as [Program, Program];
      const weights = livelyWeights(config, conditioning);
      for (const program of [eager, recorded]) await program.write(startWith(specs, settings, weights));
      let tensors = 0;
      for (let step = 0; step < 12; step++) {
        const inputs = stepInputs(config, conditioning, batchSize, prediction, step);
        const [expected, loss] = [lossOf(eager, inputs), lossOf(recorded, inputs)];
        assert.ok(Math.abs(loss / expected - 1) < 1e-5, `step ${step}: ${loss} is not ${expected}`);
        if (step === 0) tensors = tf.memory().numTensors;
        assert.equal(tf.memory().numTensors, tensors, 'a step keeps a tensor');
      }
      const [expected, state] = [eager, recorded].map((program) => readState(program, specs, settings.ema)) as [
        Values,
        Values,
      ];
      for (const name of stateNames(settings.ema)) {
        const error = relativeError(state[name] as Float32Array, expected[name] as Float32Array);
        assert.ok(error < 1e-4, `${name} is ${error} away`);
      }
      for (const program of [eager, recorded]) program.dispose();
    });
  }
}

test('losses and state after steps of clipped AdamW with averaging are those of PyTorch', async () => {
  const fixture = torchFixture();
  const { lr, betas, eps, weight_decay: weightDecay } = fixture.optimizer;
  const { config } = fixture;
  for (const conditioning of conditionings(config)) {
    const expected = conditioning === unconditioned ? fixture.withoutTime : fixture.withTime;
    assert.ok(expected.gradientNorm > fixture.clip, 'the gradient is clipped');
    const optimizer = { name: 'AdamW', beta1: betas[0], beta2: betas[1], epsilon: eps, weightDecay };
    const changes = { batchSize: 2, gradientClipNorm: fixture.clip, optimizer };
    const settings = training(changes);
    const specs = parameterSpecs(config, conditioning);
    const program = createRecordedProgram(tf, stepProgram(tf, config, conditioning, settings));
    await program.write(startWith(specs, settings, formulaWeights(specs)));
    expected.losses.forEach((loss, step) => {
      const inputs = {
        images: formulaImages(2 * config.imageSize ** 2 * config.imageChannels),
        seed: Int32Array.of(0, 0),
        signal: Float32Array.from(fixture.signal),
        noise: Float32Array.of(0, 0), // the one thing that PyTorch cannot draw alike
        targetImage: Float32Array.from(fixture.target),
        targetNoise: Float32Array.of(0, 0),
        timestep: Float32Array.from(fixture.timesteps),
        learningRate: Float32Array.of(lr),
        decay: Float32Array.of(fixture.decay),
        correction1: Float32Array.of(1 / (1 - betas[0] ** (step + 1))),
        correction2: Float32Array.of(1 / (1 - betas[1] ** (step + 1))),
      };
      const actual = lossOf(program, inputs);
      assert.ok(Math.abs(actual / loss - 1) < 1e-4, `step ${step}: ${actual} is not ${loss}`);
    });
    const state = readState(program, specs, settings.ema);
    for (const [name, values] of Object.entries(expected.state)) {
      const error = relativeError(thinned(state[name] as Float32Array), values);
      assert.ok(error < 1e-3, `${name} is ${error} away`);
    }
    program.dispose();
  }
});

test('with BFloat16 the losses of a few steps stay close, and the weights are float32', async () => {
  const specs = parameterSpecs(smallUnet, unconditioned);
  const after = async (precision: 'Float32' | 'BFloat16') => {
    const settings = training({ precision });
    const program = createRecordedProgram(tf, stepProgram(tf, smallUnet, unconditioned, settings));
    await program.write(startWith(specs, settings, livelyWeights(smallUnet, unconditioned)));
    const losses = Array.from({ length: 8 }, (_, step) =>
      lossOf(program, stepInputs(smallUnet, unconditioned, batchSize, 'V', step)),
    );
    const { weights } = readState(program, specs, settings.ema);
    program.dispose();
    return { losses, weights: weights as Float32Array };
  };
  const [exact, rounded] = [await after('Float32'), await after('BFloat16')];
  assert.notDeepEqual(rounded.losses, exact.losses);
  assert.ok(relativeError(rounded.losses, exact.losses) < 0.02);
  const halves = rounded.weights.filter(
    (value) => (new Uint32Array(Float32Array.of(value).buffer)[0] as number) << 16 === 0,
  );
  assert.ok(halves.length < rounded.weights.length / 100, 'weights are not rounded');
});

test('an untrained network, which predicts 0, has the mean square of its target as loss', async () => {
  const specs = parameterSpecs(smallUnet, unconditioned);
  const program = createRecordedProgram(tf, stepProgram(tf, smallUnet, unconditioned, training()));
  for (const prediction of predictions) {
    const inputs = stepInputs(smallUnet, unconditioned, batchSize, prediction, 0);
    const expected = tf.tidy(() => {
      const shape: [number, number] = [batchSize, 64];
      const noise = statelessNormal(tf, shape, tf.tensor1d(inputs.seed as Int32Array, 'int32'));
      const image = tf.tensor(inputs.images as Float32Array, shape);
      const alphaBar = 0.97;
      const [signal, sigma] = [Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar)];
      const target = { Epsilon: noise, V: tf.sub(tf.mul(noise, signal), tf.mul(image, sigma)), X0: image }[prediction];
      return tf.mean(tf.square(target)).dataSync()[0] as number;
    });
    await program.write(initialState(specs, training()));
    const loss = lossOf(program, inputs);
    assert.ok(Math.abs(loss / expected - 1) < 1e-6, `${prediction}: ${loss} is not ${expected}`);
  }
  program.dispose();
});

test('Adam does not decay weights; a clip of 0 does not clip; a decay of 0 averages nothing', async () => {
  const after = async (changes: object, inputs: object = {}) => {
    const settings = training(changes);
    const specs = parameterSpecs(smallUnet, unconditioned);
    const program = createRecordedProgram(tf, stepProgram(tf, smallUnet, unconditioned, settings));
    await program.write(startWith(specs, settings, livelyWeights(smallUnet, unconditioned)));
    program.run('step', { ...stepInputs(smallUnet, unconditioned, batchSize, 'V', 0), ...inputs });
    const state = readState(program, specs, settings.ema);
    program.dispose();
    return state as TrainingState<Float32Array>;
  };
  const weightDecay = 0.5;
  const [adam, adamW] = await Promise.all(['Adam', 'AdamW'].map((name) => after({ optimizer: { name, weightDecay } })));
  const difference = adam?.weights.map((value, i) => value - (adamW?.weights[i] as number)) as Float32Array;
  const decayed = livelyWeights(smallUnet, unconditioned).map((value) => value * weightDecay * 2e-3);
  assert.ok(relativeError(difference, decayed) < 1e-3);

  const norm = (state: { firstMoment: Float32Array }) => Math.hypot(...state.firstMoment) / 0.1;
  const free = norm(await after({ gradientClipNorm: 0 }));
  assert.ok(Math.abs(norm(await after({ gradientClipNorm: free / 3 })) / (free / 3) - 1) < 1e-4);
  assert.ok(Math.abs(norm(await after({ gradientClipNorm: free * 3 })) / free - 1) < 1e-5);

  const last = await after({}, { decay: Float32Array.of(0) });
  assert.deepEqual(last.average, last.weights);
});
