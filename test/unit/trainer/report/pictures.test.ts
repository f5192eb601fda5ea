import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { renderSamples, renderTrajectory } from '../../../../src/trainer/report/pictures.ts';

const filled = (shape: number[], grey: (image: number) => number) => {
  const size = shape.slice(-3).reduce((a, b) => a * b, 1);
  const count = shape.slice(0, -3).reduce((a, b) => a * b, 1);
  return { shape, data: new Uint8Array(count * size).map((_, i) => grey(Math.floor(i / size))) };
};

async function decoded(png: Uint8Array) {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  return { ...info, at: (x: number, y: number) => data[(y * info.width + x) * info.channels] };
}

test('samples are enlarged by a whole factor, in reading order, with gaps', async () => {
  const picture = await decoded(await renderSamples(filled([5, 28, 28, 1], (image) => 50 * (image + 1))));
  assert.equal(picture.width, 3 * 84 + 2 * 3);
  assert.equal(picture.height, 2 * 84 + 3);
  assert.deepEqual(
    [picture.at(0, 0), picture.at(87, 0), picture.at(174, 83), picture.at(0, 87), picture.at(87, 87)],
    [50, 100, 150, 200, 250],
  );
  assert.equal(picture.at(85, 0), 40, 'between two images');
  assert.equal(picture.at(200, 100), 40, 'no sixth image');
});

test('colour stays colour, and large images keep their size', async () => {
  const image = {
    shape: [1, 128, 128, 3],
    data: new Uint8Array(128 * 128 * 3).map((_, i) => [200, 100, 0][i % 3] as number),
  };
  const { data, info } = await sharp(await renderSamples(image))
    .raw()
    .toBuffer({ resolveWithObject: true });
  assert.equal(info.width, 128);
  assert.deepEqual([...data.subarray(0, 3)], [200, 100, 0]);
});

test('a trajectory has a strip per step, x and x̂0, and none of x̂0 for the result', async () => {
  const { strips, whole } = await renderTrajectory({
    x: filled([4, 2, 8, 8, 1], (image) => 10 * image),
    predicted: filled([3, 2, 8, 8, 1], (image) => 100 + 10 * image),
  });
  assert.deepEqual(
    strips.map(({ step, predicted }) => [step, predicted !== undefined]),
    [
      [0, true],
      [1, true],
      [2, true],
      [3, false],
    ],
  );
  const strip = await decoded(strips[2]?.x ?? assert.fail());
  assert.deepEqual([strip.at(0, 0), strip.at(0, strip.height - 1)], [40, 50], 'frame 2 of both samples');
  const picture = await decoded(whole);
  const cell = 80 + 3;
  assert.equal(picture.width, 4 * cell - 3);
  assert.equal(picture.at(3 * cell, cell), 70, 'x: the last frame of the second sample');
  assert.equal(picture.at(2 * cell, 4 * cell), 150, 'x̂0 below it');
  assert.equal(picture.at(3 * cell, 4 * cell), 40, 'no x̂0 of the result');
});

test('of many steps some are shown, the first and the last among them', async () => {
  const { strips } = await renderTrajectory({
    x: filled([1001, 1, 4, 4, 1], () => 0),
    predicted: filled([1000, 1, 4, 4, 1], () => 0),
  });
  assert.equal(strips.length, 16);
  assert.deepEqual([strips[0]?.step, strips.at(-1)?.step], [0, 1000]);
});
