// What people brought, and what becomes of it: digests are of the images that NumPy and Pillow read from the same files.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ErrorCode } from '../../../../src/api/errors.ts';
import type { Dataset } from '../../../../src/api/spec/dataset.ts';
import { readNpy, writeNpy } from '../../../../src/trainer/formats/npy.ts';
import { writeNpz } from '../../../../src/trainer/formats/npz.ts';
import { readSafetensors } from '../../../../src/trainer/formats/safetensors.ts';
import { checkStatistics } from '../../../../src/trainer/metrics/covariance.ts';
import { readStatistics } from '../../../../src/trainer/metrics/statisticsFile.ts';
import { runPrepare } from '../../../../src/trainer/prepare/prepare.ts';
import { datasetOf } from '../../../helpers/data.ts';
import { temporaryFolder } from '../../../helpers/folder.ts';
import { temporaryStore, trainerContext } from '../../../helpers/trainer.ts';

const cases = join(import.meta.dirname, '../../../fixtures/cases');

interface Case {
  name: string;
  /** Below the cases; or made by a function, where the file is large. */
  path: string;
  format: Dataset['format'];
  channels?: 1 | 3;
  fields?: object;
  expected:
    | { count: number; address: string; leftOut?: number; broken?: number; notice?: RegExp }
    | { code: ErrorCode; message: RegExp; hint: RegExp };
}

/** Twenty grey digits, 28×28. */
const digits = { count: 20, address: 'b12206f2552a8e6c' };
/** One image in colour, 28×28. */
const one = { count: 1, address: '21a57a9ccd8c495c' };

const table: Case[] = [
  {
    name: 'an npz as Keras ships it has two arrays of images: one has to be named',
    path: 'A01-keras-npz/mnist.npz',
    format: 'Npz',
    expected: { code: 'InputForeign', message: /x_train.*x_test/, hint: /dataset\.array/ },
  },
  {
    name: 'an npz as Keras ships it, with its array named',
    path: 'A01-keras-npz/mnist.npz',
    format: 'Npz',
    fields: { array: 'x_train' },
    expected: digits,
  },
  {
    name: 'the other array of an npz as Keras ships it',
    path: 'A01-keras-npz/mnist.npz',
    format: 'Npz',
    fields: { array: 'x_test' },
    expected: { count: 5, address: '072a4fe20fad03af' },
  },
  {
    name: 'an array that is not there',
    path: 'A01-keras-npz/mnist.npz',
    format: 'Npz',
    fields: { array: 'train' },
    expected: { code: 'InputForeign', message: /no array train.*x_train/, hint: /dataset\.array/ },
  },
  {
    name: 'an npz with one array of images beside its labels',
    path: 'A01-keras-npz/one.npz',
    format: 'Npz',
    expected: { ...digits, notice: /the array x_train/ },
  },
  {
    name: 'channels first',
    path: 'A02-nchw/chw.npy',
    format: 'Npy',
    channels: 3,
    expected: { count: 20, address: 'ddafd2ae0857b468', notice: /\[N,C,H,W\]/ },
  },
  {
    name: 'floats of [0, 1]',
    path: 'A03-float/f32.npy',
    format: 'Npy',
    expected: { ...digits, notice: /float32 from 0 to 1: 0 is black and 1 is white/ },
  },
  { name: 'floats of [0, 1] in an npz', path: 'A03-float/f.npz', format: 'Npz', expected: digits },
  { name: 'float64 of [0, 1]', path: 'float64.npy', format: 'Npy', expected: digits },
  ...['B', 'eq', 'gt', 'lt'].map(
    (name): Case => ({
      name: `bytes in NumPy's spelling ${name}`,
      path: `A05-u1/${name}.npy`,
      format: 'Npy',
      expected: digits,
    }),
  ),
  {
    name: 'int64 whose values are bytes',
    path: 'int64.npy',
    format: 'Npy',
    expected: { ...digits, notice: /int64 from 0 to 255 and are read as bytes/ },
  },
  { name: 'int64 whose values are bytes, in an npz', path: 'int64.npz', format: 'Npz', expected: digits },
  {
    name: 'an image that is not square, cropped to its centre',
    path: 'D08-nonsquare',
    format: 'ImageFolder',
    expected: { count: 1, address: '51c20a141d19cf03', notice: /1 image was not square and cropped/ },
  },
  {
    name: 'every image format and suffix',
    path: 'D09-formats',
    format: 'ImageFolder',
    channels: 3,
    expected: { count: 8, address: '', leftOut: 1, notice: /1 \.bmp/ },
  },
  {
    name: 'what systems leave beside images, in a folder',
    path: 'D11-hidden/folder',
    format: 'ImageFolder',
    channels: 3,
    expected: one,
  },
  {
    name: 'what systems leave beside images, in a zip',
    path: 'D11-hidden/images.zip',
    format: 'ImageZip',
    channels: 3,
    expected: one,
  },
  { name: 'a zip', path: 'D15-prepended/good.zip', format: 'ImageZip', channels: 3, expected: one },
  { name: 'a zip with bytes before it', path: 'D15-prepended/z.zip', format: 'ImageZip', channels: 3, expected: one },
  {
    name: 'one broken image',
    path: 'D20-one-bad',
    format: 'ImageFolder',
    channels: 3,
    expected: { code: 'InputTruncated', message: /1 of 10 images/, hint: /maxBroken: 1/ },
  },
  {
    name: 'one broken image that may be left out',
    path: 'D20-one-bad',
    format: 'ImageFolder',
    channels: 3,
    fields: { maxBroken: 1 },
    expected: { count: 9, address: '641481b445a959bf', broken: 1, notice: /007\.png/ },
  },
];

/** Files that are too large to keep, made from the bytes of another. */
function makeLarge(folder: string): void {
  const { shape, data } = readNpy(readFileSync(join(cases, 'A05-u1/B.npy')), 'B.npy');
  const bytes = data as Uint8Array;
  const int64 = { shape, data: BigInt64Array.from(bytes, BigInt) };
  writeFileSync(join(folder, 'int64.npy'), writeNpy(int64));
  writeFileSync(join(folder, 'int64.npz'), writeNpz({ arr_0: int64 }));
  writeFileSync(
    join(folder, 'float64.npy'),
    writeNpy({ shape, data: Float64Array.from(bytes, (value) => value / 255) }),
  );
}

for (const { name, path, format, channels = 1, fields = {}, expected } of table) {
  test(name, async (t) => {
    const { store } = temporaryStore(t);
    const large = temporaryFolder(t);
    makeLarge(large);
    const context = trainerContext(store, { volumes: { data: existsSync(join(cases, path)) ? cases : large } });
    const dataset = datasetOf(format, path, { image: { size: 28, channels }, ...fields });
    const task = { kind: 'prepare', directory: 'runs/case', hash: '0'.repeat(16), dataset } as const;
    if ('code' in expected) return assert.rejects(runPrepare(task, context), expected);
    const result = await runPrepare(task, context);
    assert.ok(result.kind === 'prepare');
    const { count, address, leftOut = 0, broken = 0, notice } = expected;
    assert.deepEqual([result.count, result.leftOut, result.broken], [count, leftOut, broken]);
    if (address !== '') assert.equal(result.sha256.slice(0, 16), address); // decoders of lossy formats differ
    if (notice !== undefined) assert.match(result.notices.join('\n'), notice);
  });
}

test('statistics with other arrays, in Fortran order, of any float type and byte order are read', () => {
  const files = [
    'E11-ref-strings/r',
    'E12-ref-fortran/r',
    'E13-ref-types/be',
    'E13-ref-types/f16',
    'E13-ref-types/f32',
  ];
  for (const file of files) {
    const path = join(cases, `${file}.npz`);
    const statistics = readStatistics(readFileSync(path), path);
    assert.equal(statistics.dimensions, 64);
    const [mean, sigma] = [statistics.mean[0] as number, statistics.covariance[1] as number];
    assert.ok(Math.abs(mean - 0.02619503) < 2e-5 && Math.abs(sigma - 0.04452064) < 2e-5, `${file}: ${mean} ${sigma}`);
    checkStatistics(statistics, path);
  }
});

test('weights of 16 and 64 bits are read', () => {
  for (const name of ['f16', 'f64']) {
    const path = join(cases, `S01-dtypes/${name}.safetensors`);
    assert.deepEqual(
      [...(readSafetensors(readFileSync(path), path).tensors.get('a')?.values ?? [])],
      [0, 1, 2, 3, 4, 5],
    );
  }
});
