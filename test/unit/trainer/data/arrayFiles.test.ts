import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zipSync } from 'fflate';
import { noticesOf } from '../../../../src/trainer/data/findings.ts';
import { writeNpy } from '../../../../src/trainer/formats/npy.ts';
import { writeNpz } from '../../../../src/trainer/formats/npz.ts';
import { datasetOf, readImages, volumeOf } from '../../../helpers/data.ts';

const pixels = Uint8Array.from({ length: 48 }, (_, i) => i);
const images = { shape: [3, 4, 4], data: pixels };
const labels = { shape: [3], data: BigInt64Array.of(1n, 2n, 3n) };

test('of several arrays one is named; without a name only one may be possible', async (t) => {
  const root = volumeOf(t, {
    'keras.npz': writeNpz({
      x_train: images,
      y_train: labels,
      x_test: { shape: [1, 4, 4], data: pixels.subarray(32) },
      y_test: labels,
    }),
    'one.npz': writeNpz({ y_train: labels, x_train: images }),
    'none.npz': writeNpz({ y_train: labels }),
  });
  const read = (path: string, array?: string) =>
    readImages(datasetOf('Npz', path, array === undefined ? {} : { array }), root);
  assert.equal((await read('keras.npz', 'x_train')).count, 3);
  assert.deepEqual((await read('keras.npz', 'x_test')).pixels, pixels.subarray(32));
  assert.deepEqual((await read('one.npz')).pixels, pixels);
  await assert.rejects(read('keras.npz'), {
    code: 'InputForeign',
    message: /x_train .*x_test/,
    hint: /dataset\.array/,
  });
  await assert.rejects(read('keras.npz', 'images'), { message: /no array images.*x_train/, hint: /dataset\.array/ });
  await assert.rejects(read('keras.npz', 'y_test'), { code: 'InputForeign', message: /shape \[3\]/, where: /y_test/ });
  await assert.rejects(read('none.npz'), { code: 'InputForeign', message: /no array of images/ });
});

test('of arrays that could be the images none is guessed, and messages name some of many', async (t) => {
  const floats = { shape: [3, 4, 4], data: new Float32Array(48) };
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`\x1b[31m${i}`, images]));
  const root = volumeOf(t, {
    'masks.npz': writeNpz({ images: floats, masks: images }),
    'many.npz': writeNpz(many),
    'one.npz': writeNpz({ image: { shape: [4, 4, 3], data: pixels } }),
  });
  const read = (path: string, array?: string) =>
    readImages(datasetOf('Npz', path, array === undefined ? {} : { array }), root);
  await assert.rejects(read('masks.npz'), { message: /images float32.*masks uint8/, hint: /dataset\.array/ });
  assert.deepEqual((await read('masks.npz', 'masks.npy')).pixels, pixels);
  await assert.rejects(read('many.npz'), ({ message }: Error) => {
    assert.match(message, /\\x1b\[31m0 uint8.*and 490 others/);
    return message.length < 1000;
  });
  await assert.rejects(read('one.npz'), { message: /no array of images/, hint: /numpy\.stack/ });
});

test('what else an archive holds does not matter', async (t) => {
  const strings = Buffer.from(writeNpy({ shape: [3], data: new Int32Array(3) }).buffer);
  strings.set(Buffer.from('<U1'), strings.indexOf('<i4'));
  const root = volumeOf(t, {
    'a.npz': zipSync({ 'names.npy': new Uint8Array(strings), 'images.npy': writeNpy(images) }),
  });
  assert.equal((await readImages(datasetOf('Npz', 'a.npz'), root)).count, 3);
});

test('an array is read by position, in any order and type', async (t) => {
  // Fortran order: the first axis runs fastest.
  const fortran = Buffer.from(writeNpy({ shape: [3, 4, 4], data: new Uint8Array(48) }));
  for (let i = 0; i < 48; i++) {
    const [n, y, x] = [Math.floor(i / 16), Math.floor(i / 4) % 4, i % 4];
    fortran[fortran.length - 48 + n + 3 * (y + 4 * x)] = pixels[i] as number;
  }
  fortran.set(Buffer.from('True, '), fortran.indexOf('False,'));
  const root = volumeOf(t, {
    'fortran.npy': fortran,
    'wide.npy': writeNpy({ shape: [3, 4, 4], data: BigInt64Array.from(pixels, BigInt) }),
    'floats.npy': writeNpy({ shape: [3, 4, 4], data: Float32Array.from(pixels, (value) => value / 255) }),
  });
  for (const [path, said] of [
    ['fortran.npy', undefined],
    ['wide.npy', /int64 from 0 to 47/],
  ] as const) {
    const dataset = datasetOf('Npy', path);
    const found = await readImages(dataset, root);
    assert.deepEqual(found.pixels, pixels, path);
    const [notice] = noticesOf(found.findings, dataset);
    if (said === undefined) assert.equal(notice, undefined);
    else assert.match(notice ?? '', said);
  }
  assert.deepEqual(
    (await readImages(datasetOf('Npy', 'floats.npy', { limit: 2 }), root)).pixels,
    pixels.subarray(0, 32),
  );
});
