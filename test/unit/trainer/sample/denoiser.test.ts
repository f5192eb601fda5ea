import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runLayout } from '../../../../src/api/layout.ts';
import { normals, streams } from '../../../../src/diffusion/random.ts';
import { openBundle, statesOf } from '../../../../src/trainer/artifacts/bundle.ts';
import { loadTensorFlow } from '../../../../src/trainer/engine/tensorflow.ts';
import type { UnetConfig } from '../../../../src/trainer/model/parameters.ts';
import { unet } from '../../../../src/trainer/model/unet.ts';
import { createDenoisers } from '../../../../src/trainer/sample/denoiser.ts';
import { aggregatedRun } from '../../../helpers/trainer.ts';

const tf = await loadTensorFlow(1);

for (const statesPerModel of [1, 3]) {
  test(`${statesPerModel} states per model: a state's output is its model's, told the timestep where it has several`, async (t) => {
    const run = await aggregatedRun(t, { schedule: { states: 3, statesPerModel } });
    const { bundle: hash, directory } = run.sampleTask();
    const bundle = await openBundle(runLayout(run.volumes.run, directory).bundle(hash), hash);
    const denoisers = createDenoisers(tf, bundle, 2);
    t.after(() => denoisers.dispose());
    const x = Float32Array.from(normals(1, streams.start, 0, 2 * 64));
    const seen: Float32Array[] = [];
    for (const state of statesOf(bundle.manifest)) {
      const model = bundle.manifest.models.find(({ states }) => states.some((own) => own.state === state.state));
      const { tensors } = await bundle.read(model ?? assert.fail());
      const config: UnetConfig = {
        ...(model ?? assert.fail()).model,
        imageSize: 8,
        imageChannels: 1,
        timeEmbedding: statesPerModel > 1,
      };
      const expected = tf.tidy(() => {
        const parameter = (name: string) => {
          const { values, shape } = tensors.get(name) ?? assert.fail(name);
          return tf.tensor(values, shape);
        };
        const timestep = statesPerModel > 1 ? tf.fill([2], state.timestep) : undefined;
        return unet(tf, config, parameter, tf.tensor4d(x, [2, 8, 8, 1]), timestep).dataSync<'float32'>();
      });
      const output = (await denoisers.of(state)).denoise(x);
      const scale = Math.max(...expected.map(Math.abs));
      const error = Math.max(...output.map((value, i) => Math.abs(value - (expected[i] as number))));
      assert.ok(error <= 1e-5 * scale, `off by ${error} of ${scale}`);
      for (const other of seen)
        assert.ok(other.some((value, i) => Math.abs(value - (output[i] as number)) > 1e-3 * scale));
      seen.push(output);
    }
  });
}
