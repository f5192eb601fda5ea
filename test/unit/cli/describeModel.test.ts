import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { load } from 'js-yaml';
import { modelSchema } from '../../../src/api/spec/model.ts';
import { describeModels, renderDescription } from '../../../src/cli/describeModel.ts';
import { presets } from '../../../src/trainer/model/presets.ts';
import { root } from '../../helpers/ddr.ts';

test('a preset shows a model that can be copied into a spec, its layers, parameters and memory', () => {
  const [description] = describeModels('ldm-8-imagenet', 8);
  const lines = renderDescription(description ?? assert.fail());
  const text = lines.join('\n');
  const yaml = text.slice(text.indexOf('model:'), text.indexOf('\n\nLAYER'));
  const { model } = load(yaml) as { model: object };
  assert.deepEqual(modelSchema.parse(model), presets['ldm-8-imagenet'].model);
  assert.match(text, /images of 32×32×4, 1000 classes/);
  assert.match(text, /395,496,708 parameters, 512,512 of them for classes/);
  assert.match(text, /a step of 8 images needs [\d.]+ GiB in float32: weights 1\.47, .*activations/);
  assert.ok(
    lines.some((line) => /^middle\.0 +residual, 1 × transformer of 32 heads with 1 × 512 of context/.test(line)),
  );
});

test('a run shows each of its networks once', () => {
  const quickstart = describeModels(join(root, 'examples/quickstart.yaml'));
  assert.deepEqual(
    quickstart.map(({ title, batchSize, network }) => [title, batchSize, network.parameters]),
    [['quickstart: 10 models of 1 state each, states 0-9', 32, 255_169]],
  );
});

test('a network is shown with what the data of its run tell it', () => {
  const shown = (name: string) =>
    describeModels(join(root, `examples/${name}.yaml`)).map(({ conditions }) => conditions);
  assert.deepEqual(shown('fashion-classes'), [{ classes: 10 }]);
  assert.deepEqual(shown('fashion-contexts'), [{ context: { tokens: 4, width: 32 } }]);
});

test('a network that learns from latents is shown with their shape', () => {
  const shown = describeModels(join(root, 'examples/latent.yaml'));
  assert.deepEqual(new Set(shown.map(({ image }) => JSON.stringify(image))), new Set(['{"size":8,"channels":4}']));
});

test('what is neither a preset nor a file is said', () => {
  assert.throws(() => describeModels('sd-3'), /neither a preset nor a file/);
});
