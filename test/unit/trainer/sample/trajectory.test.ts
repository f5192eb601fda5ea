import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pixelCodec } from '../../../../src/trainer/model/codec.ts';
import { recordTrajectory } from '../../../../src/trainer/sample/trajectory.ts';

const image = { size: 4, channels: 3 } as const;
const never = async () => assert.fail();
const filled = (value: number, images = 10) => new Float32Array(images * 48).fill(value);

test('the first samples of the first shard are recorded at the start and after every step', async () => {
  const recorder = recordTrajectory(pixelCodec, image, { index: 0, count: 10 }, 2);
  assert.equal(recorder.watched, 8);
  recorder.onStart(filled(-1));
  recorder.onStep(filled(0), filled(0.5, 8));
  recorder.onStep(filled(1), filled(1, 8));
  const { x, predicted } = (await recorder.finish(never)) ?? assert.fail();
  assert.deepEqual(x.shape, [3, 8, 4, 4, 3]);
  assert.deepEqual(predicted.shape, [2, 8, 4, 4, 3]);
  const frame = 8 * 48;
  assert.deepEqual([x.data[0], x.data[frame], x.data[2 * frame], predicted.data[0]], [0, 128, 255, 191]);
});

test('other shards record nothing', async () => {
  const recorder = recordTrajectory(pixelCodec, image, { index: 1, count: 10 }, 2);
  assert.equal(recorder.watched, 0);
  recorder.onStart(filled(0));
  assert.equal(await recorder.finish(never), undefined);
});

test('of large images and many states fewer samples are watched, and one at least', () => {
  const watched = (size: number, states: number) =>
    recordTrajectory(pixelCodec, { size, channels: 3 }, { index: 0, count: 100 }, states).watched;
  assert.equal(watched(64, 1000), 5);
  assert.equal(watched(1024, 1000), 1);
});

test('where a network makes the pictures, of many states fewer samples are watched, and of very many none', () => {
  const codec = { ...pixelCodec, batchSize: 4 };
  const watched = (states: number) => recordTrajectory(codec, image, { index: 0, count: 100 }, states).watched;
  assert.deepEqual([10, 100, 1000].map(watched), [8, 5, 0]);
});

test('where a network makes the pictures they are made at the end, a moment at a time', async () => {
  let moments = 0;
  const recorder = recordTrajectory({ ...pixelCodec, batchSize: 4 }, image, { index: 0, count: 2 }, 1);
  recorder.onStart(filled(-1, 2));
  recorder.onStep(filled(1, 2), filled(0.5, 2));
  const { x, predicted } =
    (await recorder.finish(async () => {
      moments++;
    })) ?? assert.fail();
  assert.deepEqual([x.data[0], x.data[2 * 48], predicted.data[0], moments], [0, 255, 191, 3]);
});
