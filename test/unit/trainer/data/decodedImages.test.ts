import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DdrError } from '../../../../src/api/errors.ts';
import { decodedImages, type ImageToRead } from '../../../../src/trainer/data/decodedImages.ts';
import { noFindings } from '../../../../src/trainer/data/findings.ts';
import { allOf } from '../../../helpers/sourceFiles.ts';

const whole = { square: true, several: false, warning: undefined };
const broken = (position: number) => new DdrError('InputTruncated', 'is cut off', { where: `${position}.png` });

/** Images by their positions; those that are named are broken. */
async function* images(count: number, wrong: Record<number, Error> = {}): AsyncGenerator<ImageToRead> {
  for (let position = 0; position < count; position++) {
    const error = wrong[position];
    const decode = async () => {
      if (error !== undefined) throw error;
      return { ...whole, pixels: Uint8Array.of(position) };
    };
    yield { position, name: Buffer.from(`${position}.png`), decode };
  }
}

test('images come in their order with the positions that they have, broken ones left out', async () => {
  const [findings, looked] = [noFindings(), [] as number[]];
  const tick = async () => {
    looked.push(0);
  };
  const bounds = { limit: 3, maxBroken: 1 };
  const found = await allOf(decodedImages(images(9, { 1: broken(1) }), bounds, findings, tick));
  assert.deepEqual(
    found.map(({ position, pixels }) => [position, ...pixels]),
    [
      [0, 0],
      [2, 2],
      [3, 3],
    ],
  );
  assert.deepEqual([findings.broken.count, looked.length], [1, 4]);
});

test('with too many broken ones all are counted, and the first one is the error', async () => {
  const wrong = { 1: broken(1), 2: broken(2), 7: broken(7) };
  const read = allOf(decodedImages(images(9, wrong), { limit: 9, maxBroken: 1 }, noFindings(), async () => {}));
  await assert.rejects(read, { code: 'InputTruncated', where: '1.png', message: /3 of 9 images/ });
});

test('an error that is of no one image ends the reading', async () => {
  const gone = new DdrError('DataChanged', 'has vanished');
  const read = allOf(decodedImages(images(9, { 4: gone }), { limit: 9, maxBroken: 9 }, noFindings(), async () => {}));
  await assert.rejects(read, gone);
});
