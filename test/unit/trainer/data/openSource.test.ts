import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import sharp from 'sharp';
import { DdrError } from '../../../../src/api/errors.ts';
import type { Dataset } from '../../../../src/api/spec/dataset.ts';
import { writeIdx } from '../../../../src/trainer/data/idx.ts';
import { writeNpy } from '../../../../src/trainer/formats/npy.ts';
import { writeNpz } from '../../../../src/trainer/formats/npz.ts';
import { datasetOf, png, readImages, volumeOf } from '../../../helpers/data.ts';
import { temporaryFolder } from '../../../helpers/folder.ts';

type Format = Dataset['format'];

/** Three grey images of 4×4: value i·20 + pixel. */
const pixels = Uint8Array.from({ length: 48 }, (_, i) => Math.floor(i / 16) * 20 + (i % 16));
const idx = writeIdx({ shape: [3, 4, 4], data: pixels });

test('every format gives the same images', async (t) => {
  const grey = await Promise.all(
    [0, 1, 2].map((i) =>
      sharp(pixels.subarray(i * 16, (i + 1) * 16), { raw: { width: 4, height: 4, channels: 1 } })
        .png()
        .toBuffer(),
    ),
  );
  const named = Object.fromEntries(grey.map((bytes, i) => [`digit-${i}.png`, new Uint8Array(bytes)]));
  const root = volumeOf(t, {
    'mnist/train-images-idx3-ubyte': idx,
    'packed/train-images-idx3-ubyte.gz': gzipSync(idx),
    'images.idx': idx,
    'images.npy': writeNpy({ shape: [3, 4, 4, 1], data: pixels }),
    'images.npz': writeNpz({
      labels: { shape: [3], data: Uint8Array.of(1, 2, 3) },
      images: { shape: [3, 4, 4], data: pixels },
    }),
    'images.zip': zipSync(named),
    ...Object.fromEntries(Object.entries(named).map(([name, bytes]) => [`folder/${name}`, bytes])),
    'folder/readme.txt': 'not an image',
  });
  const cases: [Format, string][] = [
    ['Idx', 'mnist'],
    ['Idx', 'packed'],
    ['Idx', 'images.idx'],
    ['Npy', 'images.npy'],
    ['Npz', 'images.npz'],
    ['ImageZip', 'images.zip'],
    ['ImageFolder', 'folder'],
  ];
  for (const [format, path] of cases) {
    const images = await readImages(datasetOf(format, path), root);
    assert.equal(images.count, 3, path);
    assert.deepEqual(images.pixels, pixels, path);
  }
});

test('limit takes the first images', async (t) => {
  const named = Object.fromEntries(
    await Promise.all([1, 2, 3].map(async (i) => [`f/${i}.png`, await png(i)] as const)),
  );
  const root = volumeOf(t, { i: idx, ...named });
  assert.deepEqual((await readImages(datasetOf('Idx', 'i', { limit: 2 }), root)).pixels, pixels.subarray(0, 32));
  const folder = await readImages(datasetOf('ImageFolder', 'f', { limit: 2 }), root);
  assert.deepEqual([folder.count, ...new Set(folder.pixels)], [2, 1, 2]);
});

test('what is missing, cut off or of another kind is refused by name', async (t) => {
  const images = writeNpz({ images: { shape: [3, 4, 4], data: pixels } });
  const root = volumeOf(t, {
    'cut.idx': idx.subarray(0, 40),
    'cut.gz': gzipSync(idx).subarray(0, 20),
    'labels.idx': writeIdx({ shape: [3], data: Uint8Array.of(1, 2, 3) }),
    'text.idx': 'these are no digits',
    'text.tar': 'neither digits',
    'a.parquet': 'version https://git-lfs.github.com/spec/v1',
    'empty.idx': '',
    'broken/cut.png': (await png(7, 64)).subarray(0, 60),
    'broken-too/text.png': 'not a picture',
    'none/readme.txt': '',
    'flat.npy': writeNpy({ shape: [16], data: new Uint8Array(16) }),
    'cut.npy': writeNpy({ shape: [3, 4, 4], data: pixels }).subarray(0, 7),
    'short.npy': writeNpy({ shape: [3, 4, 4], data: pixels }).subarray(0, 170),
    'packed.npy': gzipSync(writeNpy({ shape: [3, 4, 4], data: pixels })),
    'cut.npz': images.subarray(0, 200),
    'text.zip': 'PK but not really, this is too short for one',
    'unpacked/train-images-idx3-ubyte/train-images-idx3-ubyte': idx,
  });
  symlinkSync('circle', join(root, 'circle'));
  const cases: [Format, string, string, string][] = [
    ['Idx', 'gone.idx', 'InputMissing', 'gone.idx'],
    ['Idx', 'circle', 'InputForeign', 'circle'],
    ['Idx', 'unpacked', 'InputForeign', 'train-images-idx3-ubyte'],
    ['Npy', 'none', 'InputMissing', 'none'],
    ['Npz', 'none', 'InputMissing', 'none'],
    ['Safetensors', 'none', 'InputMissing', 'none'],
    ['Safetensors', 'cut.npy', 'InputTruncated', 'cut.npy'],
    ['Safetensors', 'text.idx', 'InputForeign', 'text.idx'],
    ['WebDataset', 'text.tar', 'InputTruncated', 'text.tar'],
    ['Parquet', 'a.parquet', 'InputForeign', 'a.parquet'],
    ['ImageZip', 'none', 'InputForeign', 'none'],
    ['Idx', 'none', 'InputMissing', 'none'],
    ['Idx', 'cut.idx', 'InputTruncated', 'cut.idx'],
    ['Idx', 'cut.gz', 'InputTruncated', 'cut.gz'],
    ['Idx', 'empty.idx', 'InputTruncated', 'empty.idx'],
    ['Idx', 'labels.idx', 'InputForeign', 'labels.idx'],
    ['Idx', 'text.idx', 'InputForeign', 'text.idx'],
    ['ImageFolder', 'broken', 'InputTruncated', 'cut.png'],
    ['ImageFolder', 'broken-too', 'InputForeign', 'text.png'],
    ['ImageFolder', 'cut.idx', 'InputForeign', 'cut.idx'],
    ['Npy', 'flat.npy', 'InputForeign', 'flat.npy'],
    ['Npy', 'empty.idx', 'InputTruncated', 'empty.idx'],
    ['Npy', 'cut.npy', 'InputTruncated', 'cut.npy'],
    ['Npy', 'short.npy', 'InputTruncated', 'short.npy'],
    ['Npy', 'packed.npy', 'InputForeign', 'packed.npy'],
    ['Npz', 'cut.npz', 'InputTruncated', 'cut.npz'],
    ['ImageZip', 'text.zip', 'InputForeign', 'text.zip'],
  ];
  for (const [format, path, code, where] of cases) {
    await assert.rejects(readImages(datasetOf(format, path), root), (error: unknown) => {
      assert.ok(error instanceof DdrError, String(error));
      assert.equal(error.code, code, `${path}: ${error.describe()}`);
      assert.ok(error.where?.includes(where), `${path}: where is ${error.where}`);
      return true;
    });
  }
});

test('a link cannot lead out of the volume, and may lead within it', async (t) => {
  const outside = volumeOf(t, { 'secret.idx': idx, 'secret.png': await png(1) });
  const root = volumeOf(t, { 'folder/a.png': await png(1), 'real/images.idx': idx });
  symlinkSync(join(outside, 'secret.idx'), join(root, 'link.idx'));
  symlinkSync(join(outside, 'secret.png'), join(root, 'folder/b.png'));
  symlinkSync('real/images.idx', join(root, 'inside.idx'));
  await assert.rejects(readImages(datasetOf('Idx', 'link.idx'), root), { code: 'InputUnsafe' });
  await assert.rejects(readImages(datasetOf('ImageFolder', 'folder'), root), { code: 'InputUnsafe' });
  assert.equal((await readImages(datasetOf('Idx', 'inside.idx'), root)).count, 3);
});

test('whatever a file holds, it is read or refused', async (t) => {
  const samples: [Format, Uint8Array][] = [
    ['Idx', idx],
    ['Idx', gzipSync(idx)],
    ['Npy', writeNpy({ shape: [3, 4, 4], data: pixels })],
    ['Npy', writeNpy({ shape: [3, 4, 4], data: Float32Array.from(pixels, (value) => value / 255) })],
    ['Npz', writeNpz({ images: { shape: [3, 4, 4], data: pixels } })],
    ['ImageZip', zipSync({ 'a.png': await png(9) })],
  ];
  const root = temporaryFolder(t);
  const change = fc.record({
    sample: fc.nat(samples.length - 1),
    keep: fc.double({ min: 0, max: 1, noNaN: true }),
    changes: fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(change, async ({ sample, keep, changes }) => {
      const [format, original] = samples[sample] as [Format, Uint8Array];
      const bytes = Uint8Array.from(original);
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      const kept = keep > 0.5 ? bytes.length : Math.floor(2 * keep * bytes.length);
      writeFileSync(join(root, 'file'), bytes.subarray(0, kept));
      try {
        await readImages(datasetOf(format, 'file'), root);
      } catch (error) {
        assert.ok(error instanceof DdrError && error.code.startsWith('Input'), String(error));
      }
    }),
    { numRuns: 300 },
  );
});
