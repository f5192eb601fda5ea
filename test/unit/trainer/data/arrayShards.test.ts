import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { imagesWanted } from '../../../../src/trainer/data/arrayFiles.ts';
import type { NumberArray } from '../../../../src/trainer/data/arrayImages.ts';
import { joined, openArrayShards, openArrays } from '../../../../src/trainer/data/arrayShards.ts';
import { noFindings } from '../../../../src/trainer/data/findings.ts';
import { writeNpy } from '../../../../src/trainer/formats/npy.ts';
import { writeNpz } from '../../../../src/trainer/formats/npz.ts';
import { writeSafetensors } from '../../../../src/trainer/formats/safetensors.ts';
import { datasetOf, readImages, volumeOf } from '../../../helpers/data.ts';
import { memoryFiles } from '../../../helpers/sourceFiles.ts';

const images = (from: number, count: number) =>
  Float32Array.from({ length: count * 16 }, (_, i) => (from * 16 + i) / 255);
const shape = (count: number) => [count, 4, 4];
const tensors = (from: number, count: number) =>
  writeSafetensors({
    tensors: new Map([
      ['latents', { shape: shape(count), values: images(from, count) }],
      ['labels', { shape: [count], values: new Float32Array(count) }],
    ]),
    metadata: {},
  });

/** The same five images in two files of each format. */
const shards = {
  Npy: {
    'a.npy': writeNpy({ shape: shape(2), data: images(0, 2) }),
    'b.npy': writeNpy({ shape: shape(3), data: images(2, 3) }),
  },
  Npz: {
    'a.npz': writeNpz({
      latents: { shape: shape(2), data: images(0, 2) },
      y: { shape: [2], data: Uint8Array.of(0, 1) },
    }),
    'b.npz': writeNpz({
      latents: { shape: shape(3), data: images(2, 3) },
      y: { shape: [3], data: Uint8Array.of(2, 0, 1) },
    }),
  },
  Safetensors: { 'a.safetensors': tensors(0, 2), 'b.safetensors': tensors(2, 3) },
} as const;
const pixels = Uint8Array.from({ length: 80 }, (_, i) => i);

for (const format of ['Npy', 'Npz', 'Safetensors'] as const) {
  test(`files of ${format} in a folder are one array, in the order of their names`, async (t) => {
    const files = Object.fromEntries(Object.entries(shards[format]).map(([name, bytes]) => [`d/${name}`, bytes]));
    const root = volumeOf(t, { ...files, 'd/README.md': '' });
    const read = await readImages(datasetOf(format, 'd'), root);
    assert.deepEqual(read.pixels, pixels);
    assert.deepEqual(read.findings.leftOut.examples, ['README.md']);
    const [first] = Object.keys(files) as [string];
    assert.deepEqual((await readImages(datasetOf(format, first), root)).pixels, pixels.subarray(0, 32));
  });
}

test('slices are the same whatever shards they lie in', async () => {
  const one = await openArrayShards(memoryFiles(shards.Npy), 'Npy', undefined, noFindings(), imagesWanted);
  await fc.assert(
    fc.asyncProperty(fc.nat(5), fc.nat(5), async (first, size) => {
      const wanted = images(0, 5).subarray(first * 16, Math.min(5, first + size) * 16);
      assert.deepEqual(await one.slice(first, Math.min(size, 5 - first)), wanted);
    }),
    { numRuns: 50 },
  );
});

test('of files that are read whole, one at a time is in memory', async () => {
  const files = memoryFiles(shards.Npz);
  const one = await openArrayShards(files, 'Npz', undefined, noFindings(), imagesWanted);
  const before = files.asked.length;
  for (const at of [0, 1, 2, 3, 4]) await one.slice(at, 1);
  assert.equal(files.asked.length - before, 2);
});

test('arrays that do not fit one another are refused by the file', async () => {
  const array = (type: NumberArray['type'], sizes: number[]): NumberArray => ({
    where: sizes.join('x'),
    type,
    shape: sizes,
    slice: async () => new Float32Array(),
  });
  const first = array('float32', [2, 4, 4]);
  for (const other of [
    array('float16', [3, 4, 4]),
    array('float32', [2, 4, 5]),
    array('float32', [2, 4, 4, 1]),
    array('float32', []),
  ])
    assert.throws(() => joined([first, other]), { code: 'InputMismatch', where: other.where });
  assert.equal(joined([first]), first);
});

test('an array is refused where its file is cut off, in Fortran order, or has several that could be meant', async (t) => {
  const open = (name: string, bytes: Uint8Array, format: 'Npy' | 'Npz' | 'Safetensors', named?: string) =>
    openArrayShards(memoryFiles({ [name]: bytes }), format, named, noFindings(), imagesWanted);
  const npy = shards.Npy['a.npy'];
  await assert.rejects(open('a.npy', npy.subarray(0, npy.length - 1), 'Npy'), { code: 'InputTruncated' });
  const fortran = Buffer.from(Buffer.from(npy).toString('latin1').replace('False', 'True '), 'latin1');
  await assert.rejects(open('a.npy', new Uint8Array(fortran), 'Npy'), { code: 'InputForeign', message: /Fortran/ });
  const tensor = shards.Safetensors['a.safetensors'];
  await assert.rejects(open('a.safetensors', tensor.subarray(0, tensor.length - 1), 'Safetensors'), {
    code: 'InputTruncated',
  });
  await assert.rejects(open('a.safetensors', tensor, 'Safetensors', 'gone'), { message: /has no array gone, only/ });
  const two = writeNpz({ a: { shape: shape(1), data: images(0, 1) }, b: { shape: shape(1), data: images(0, 1) } });
  await assert.rejects(open('a.npz', two, 'Npz'), { code: 'InputForeign', hint: /dataset\.array/ });
  const root = volumeOf(t, { 'd/a.txt': '' });
  await assert.rejects(openArrays('Npz', { path: `${root}/d`, root }, undefined, noFindings()), {
    code: 'InputMissing',
  });
});
