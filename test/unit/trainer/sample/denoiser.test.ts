import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import { samplingSchema } from '../../../../src/api/spec/sampling.ts';
import { normals, streams } from '../../../../src/diffusion/random.ts';
import { type Bundle, openBundle, statesOf } from '../../../../src/trainer/artifacts/bundle.ts';
import type { Tensors } from '../../../../src/trainer/engine/program.ts';
import { loadTensorFlow } from '../../../../src/trainer/engine/tensorflow.ts';
import { conditioningOf } from '../../../../src/trainer/model/conditioning.ts';
import { unetConfig } from '../../../../src/trainer/model/parameters.ts';
import { unet } from '../../../../src/trainer/model/unet.ts';
import { createDenoisers } from '../../../../src/trainer/sample/denoiser.ts';
import { type AggregatedRun, aggregatedRun } from '../../../helpers/trainer.ts';

const tf = await loadTensorFlow(1);

const samplingOf = (batchSize: number, guidance = {}) => samplingSchema.parse({ batchSize, guidance });

function bundleOf(run: AggregatedRun): Promise<Bundle> {
  const { directory, bundle } = run.sampleTask();
  return openBundle(run.store, runLayout(directory).bundle(bundle), bundle);
}

for (const statesPerModel of [1, 3]) {
  test(`${statesPerModel} states per model: a state's output is its model's, told the timestep where it has several`, async (t) => {
    const run = await aggregatedRun(t, { schedule: { states: 3, statesPerModel } });
    const bundle = await bundleOf(run);
    const denoisers = createDenoisers(tf, bundle, bundle.manifest.image, samplingOf(2));
    t.after(() => denoisers.dispose());
    const x = Float32Array.from(normals(1, streams.start, 0, 2 * 64));
    const seen: Float32Array[] = [];
    for (const state of statesOf(bundle.manifest)) {
      const model = bundle.manifest.models.find(({ states }) => states.some((own) => own.index === state.index));
      const { tensors } = await bundle.read(model ?? assert.fail());
      const { model: network } = model ?? assert.fail();
      const config = unetConfig(network, bundle.manifest.image);
      const conditioning = conditioningOf(statesPerModel, network, {});
      const expected = tf.tidy(() => {
        const parameter = (name: string) => {
          const { values, shape } = tensors.get(name) ?? assert.fail(name);
          return tf.tensor(values, shape);
        };
        const inputs: Tensors = statesPerModel > 1 ? { timestep: tf.fill([2], state.timestep) } : {};
        return unet(tf, config, conditioning, parameter, tf.tensor4d(x, [2, 8, 8, 1]), inputs).dataSync<'float32'>();
      });
      const output = (await denoisers.of(state)).denoise(x, [{}, {}]);
      const scale = Math.max(...expected.map(Math.abs));
      const error = Math.max(...output.map((value, i) => Math.abs(value - (expected[i] as number))));
      assert.ok(error <= 1e-5 * scale, `off by ${error} of ${scale}`);
      for (const other of seen)
        assert.ok(other.some((value, i) => Math.abs(value - (output[i] as number)) > 1e-3 * scale));
      seen.push(output);
    }
  });
}

test('the models of a bundle are told apart, each with its own weights', async (t) => {
  const run = await aggregatedRun(t);
  const bundle = await bundleOf(run);
  const denoisers = createDenoisers(tf, bundle, bundle.manifest.image, samplingOf(1));
  t.after(() => denoisers.dispose());
  const x = Float32Array.from(normals(1, streams.start, 0, 64));
  const outputs: Float32Array[] = [];
  for (const index of [0, 1, 0]) {
    const state = statesOf(bundle.manifest)[index] ?? assert.fail();
    outputs.push((await denoisers.of(state)).denoise(x, [{}]));
  }
  assert.notDeepEqual(outputs[0], outputs[1]);
  assert.deepEqual(outputs[0], outputs[2]);
});

test('guidance goes beyond what the class changes, at the states that are named', async (t) => {
  const labels = { classes: 3, values: new Int32Array(40) };
  const run = await aggregatedRun(t, {}, { conditions: { labels } });
  const bundle = await bundleOf(run);
  const x = Float32Array.from(normals(1, streams.start, 0, 128));
  const outputs = async (guidance: object, conditions: { label?: number }[]) => {
    const denoisers = createDenoisers(tf, bundle, bundle.manifest.image, samplingOf(2, guidance));
    const found: Float32Array[] = [];
    for (const state of statesOf(bundle.manifest)) found.push((await denoisers.of(state)).denoise(x, conditions));
    denoisers.dispose();
    return found;
  };
  const told = await outputs({}, [{ label: 2 }, { label: 0 }]);
  const free = await outputs({}, [{}, {}]);
  const guided = await outputs({ scale: 3, states: '1' }, [{ label: 2 }, { label: 0 }]);
  assert.notDeepEqual(told, free);
  assert.deepEqual([guided[0], guided[2]], [told[0], told[2]]);
  const expected = told[1]?.map((value, i) => (free[1]?.[i] as number) + 3 * (value - (free[1]?.[i] as number)));
  assert.deepEqual(guided[1], expected);
});

test('the average that is sampled with is the one that was asked for; one that is not there is refused', async (t) => {
  const run = await aggregatedRun(t, { training: { ema: { further: [100] } } });
  const bundle = await bundleOf(run);
  const [model] = bundle.manifest.models;
  assert.deepEqual(
    model?.further?.map(({ file, halfLifeImages }) => [file, halfLifeImages]),
    [['model-0000-ema-1.safetensors', 100]],
  );
  const state = statesOf(bundle.manifest)[0] ?? assert.fail();
  const x = Float32Array.from(normals(1, streams.start, 0, 64));
  const outputOf = async (ema = 0) => {
    const denoisers = createDenoisers(tf, bundle, bundle.manifest.image, { ...samplingOf(1), ema });
    try {
      return (await denoisers.of(state)).denoise(x, [{}]);
    } finally {
      denoisers.dispose();
    }
  };
  const first = await outputOf();
  assert.deepEqual(await outputOf(0), first);
  assert.notDeepEqual(await outputOf(1), first);
  await assert.rejects(outputOf(2), { code: 'ModelMissing', message: /no average 2/, hint: /sampling\.ema/ });
});
