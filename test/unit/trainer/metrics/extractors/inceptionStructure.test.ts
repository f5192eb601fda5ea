import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  convolutionShapes,
  inceptionShapes,
  inceptionStructure,
} from '../../../../../src/trainer/metrics/extractors/inceptionStructure.ts';

const product = (shape: readonly number[]) => shape.reduce((size, part) => size * part, 1);

test('the network has the weights of torchvision’s InceptionV3 without logits, and running statistics', () => {
  const shapes = inceptionShapes();
  assert.equal(Object.keys(shapes).length, 94 * 5); // convolutions with batch norm
  const parameters = Object.values(shapes).reduce((sum, shape) => sum + product(shape), 0);
  assert.equal(parameters, 21_785_568 + 2 * 17_216);
});

test('every block takes as many channels as the one before it gives, and the last gives 2048', () => {
  interface Layer {
    /** Channels that it takes, where they are fixed; what it gives for so many. */
    from: number | undefined;
    to: (from: number) => number;
  }
  const passes: Layer = { from: undefined, to: (from) => from };
  const stages = inceptionStructure<Layer>({
    convolution: (_name, from, to) => ({ from, to: () => to }),
    chain: (...layers) => ({
      from: layers.find((layer) => layer.from !== undefined)?.from,
      to: (from) =>
        layers.reduce((channels, layer) => {
          assert.equal(layer.from ?? channels, channels);
          return layer.to(channels);
        }, from),
    }),
    concatenated: (...layers) => ({
      from: layers.find((layer) => layer.from !== undefined)?.from,
      to: (from) => layers.reduce((sum, layer) => sum + layer.to(from), 0),
    }),
    maximum: passes,
    maximumSame: passes,
    average: passes,
  });
  const channels = stages.reduce((from, { name, layer }) => {
    assert.equal(layer.from ?? from, from, name);
    return layer.to(from);
  }, 3);
  assert.equal(channels, 2048);
});

test('a kernel may be longer than it is high', () => {
  assert.deepEqual(convolutionShapes([8, 16, [1, 7]])['conv.weight'], [16, 8, 1, 7]);
});
