import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import sharp from 'sharp';
import { DdrError } from '../../../../src/api/errors.ts';
import { type Dataset, datasetSchema } from '../../../../src/api/spec/dataset.ts';
import { datasetDigest, readDataset } from '../../../../src/trainer/data/dataset.ts';
import { writeIdx } from '../../../../src/trainer/data/idx.ts';
import { toByte, toBytes, toUnit } from '../../../../src/trainer/data/images.ts';
import { writeNpy } from '../../../../src/trainer/formats/npy.ts';
import { writeNpz } from '../../../../src/trainer/formats/npz.ts';
import { temporaryFolder } from '../../../helpers/trainer.ts';

type Format = Dataset['format'];

const describe = (format: Format, path: string, fields: object = {}): Dataset =>
  datasetSchema.parse({
    source: { volume: { claimName: 'data', path } },
    format,
    image: { size: 4, channels: 1 },
    ...fields,
  });

/** Three grey images of 4×4: value i·20 + pixel. */
const pixels = Uint8Array.from({ length: 48 }, (_, i) => Math.floor(i / 16) * 20 + (i % 16));
const idx = writeIdx({ shape: [3, 4, 4], data: pixels });
const png = (value: number, channels: 1 | 3 = 1, size = 4) =>
  sharp(new Uint8Array(size * size * channels).fill(value), { raw: { width: size, height: size, channels } })
    .png()
    .toBuffer();

/** A volume with these files. */
function volume(t: TestContext, files: Record<string, Uint8Array | string>): string {
  const root = temporaryFolder(t);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return root;
}

test('every format gives the same images', async (t) => {
  const grey = await Promise.all(
    [0, 1, 2].map((i) =>
      sharp(pixels.subarray(i * 16, (i + 1) * 16), { raw: { width: 4, height: 4, channels: 1 } })
        .png()
        .toBuffer(),
    ),
  );
  const named = Object.fromEntries(grey.map((bytes, i) => [`digit-${i}.png`, new Uint8Array(bytes)]));
  const root = volume(t, {
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
    const images = await readDataset(describe(format, path), root);
    assert.equal(images.count, 3, path);
    assert.deepEqual(new Uint8Array(images.pixels), pixels, path);
  }
});

test('images are brought to the wanted size and channels, the same way each time', async (t) => {
  const root = volume(t, { 'a.png': await png(200, 3, 10), 'b.png': await png(100, 1, 6) });
  const dataset = describe('ImageFolder', '', { image: { size: 8, channels: 3 } });
  const images = await readDataset(dataset, root);
  assert.deepEqual([images.count, images.pixels.length], [2, 2 * 8 * 8 * 3]);
  assert.deepEqual([...new Set(images.pixels.subarray(0, 192))], [200]);
  assert.deepEqual([...new Set(images.pixels.subarray(192))], [100]);
  assert.equal(datasetDigest(images), datasetDigest(await readDataset(dataset, root)));
});

/** An array of 16-bit numbers, which we neither write nor read. */
function shorts(shape: number[]): Uint8Array {
  const bytes = writeNpy({ shape, data: new Int32Array(shape.reduce((product, size) => product * size, 1)) });
  bytes.set(Buffer.from('<u2'), Buffer.from(bytes).indexOf('<i4'));
  return bytes;
}

test('labels of any type beside the images do not matter, images of another type are named', async (t) => {
  const images = writeNpy({ shape: [3, 4, 4], data: pixels });
  const root = volume(t, {
    'good.npz': zipSync({ 'labels.npy': shorts([3]), 'images.npy': images }),
    'deep.npz': zipSync({ 'images.npy': shorts([3, 4, 4]) }),
  });
  assert.equal((await readDataset(describe('Npz', 'good.npz'), root)).count, 3);
  await assert.rejects(readDataset(describe('Npz', 'deep.npz'), root), {
    code: 'InputForeign',
    message: /type <u2/,
    where: /deep\.npz:images\.npy$/,
  });
});

test('limit takes the first images', async (t) => {
  const images = await readDataset(describe('Idx', 'i', { limit: 2 }), volume(t, { i: idx }));
  assert.deepEqual([images.count, images.pixels.length], [2, 32]);
});

test('a byte survives the way to [−1, 1] and back', () => {
  for (let byte = 0; byte < 256; byte++) assert.equal(toByte(toUnit(byte)), byte);
  assert.deepEqual([toUnit(0), toUnit(255), toByte(-7), toByte(7)], [-1, 1, 0, 255]);
});

test('ten thousand samples of 64×64 in colour become bytes', () => {
  const values = new Float32Array(10_000 * 64 * 64 * 3).fill(1);
  values[5] = -1;
  const bytes = toBytes(values);
  assert.deepEqual([bytes.length, bytes[4], bytes[5]], [values.length, 255, 0]);
});

test('what is missing, cut off or of another kind is refused by name', async (t) => {
  const root = volume(t, {
    'cut.idx': idx.subarray(0, 40),
    'cut.gz': gzipSync(idx).subarray(0, 20),
    'labels.idx': writeIdx({ shape: [3], data: Uint8Array.of(1, 2, 3) }),
    'text.idx': 'these are no digits',
    'empty.idx': '',
    'cut.png': (await png(7, 1, 64)).subarray(0, 60),
    'broken/cut.png': (await png(7, 1, 64)).subarray(0, 60),
    'broken-too/text.png': 'not a picture',
    'none/readme.txt': '',
    'floats.npy': writeNpy({ shape: [1, 4, 4], data: new Float32Array(16) }),
    'flat.npy': writeNpy({ shape: [16], data: new Uint8Array(16) }),
    'cut.npy': writeNpy({ shape: [3, 4, 4], data: pixels }).subarray(0, 7),
    'cut.npz': writeNpz({ images: { shape: [3, 4, 4], data: pixels } }).subarray(0, 200),
    'text.zip': 'PK but not really, this is too short for one',
    'unpacked/train-images-idx3-ubyte/train-images-idx3-ubyte': idx,
  });
  symlinkSync('circle', join(root, 'circle'));
  const cases: [Format, string, string, string][] = [
    ['Idx', 'gone.idx', 'InputMissing', 'gone.idx'],
    ['Idx', 'circle', 'InputForeign', 'circle'],
    ['Idx', 'unpacked', 'InputForeign', 'train-images-idx3-ubyte'],
    ['Npy', 'none', 'InputForeign', 'none'],
    ['Npz', 'none', 'InputForeign', 'none'],
    ['ImageZip', 'none', 'InputForeign', 'none'],
    ['Idx', 'none', 'InputMissing', 'none'],
    ['Idx', 'cut.idx', 'InputTruncated', 'cut.idx'],
    ['Idx', 'cut.gz', 'InputTruncated', 'cut.gz'],
    ['Idx', 'empty.idx', 'InputTruncated', 'empty.idx'],
    ['Idx', 'labels.idx', 'InputForeign', 'labels.idx'],
    ['Idx', 'text.idx', 'InputForeign', 'text.idx'],
    ['ImageFolder', 'broken', 'InputTruncated', 'cut.png'],
    ['ImageFolder', 'broken-too', 'InputForeign', 'text.png'],
    ['ImageFolder', 'none', 'InputMissing', 'none'],
    ['ImageFolder', 'cut.png', 'InputForeign', 'cut.png'],
    ['Npy', 'floats.npy', 'InputForeign', 'floats.npy'],
    ['Npy', 'flat.npy', 'InputForeign', 'flat.npy'],
    ['Npy', 'empty.idx', 'InputTruncated', 'empty.idx'],
    ['Npy', 'cut.npy', 'InputTruncated', 'cut.npy'],
    ['Npz', 'cut.npz', 'InputTruncated', 'cut.npz'],
    ['ImageZip', 'text.zip', 'InputForeign', 'text.zip'],
  ];
  for (const [format, path, code, where] of cases) {
    await assert.rejects(readDataset(describe(format, path), root), (error: unknown) => {
      assert.ok(error instanceof DdrError, String(error));
      assert.equal(error.code, code, `${path}: ${error.describe()}`);
      assert.ok(error.where?.includes(where), `${path}: where is ${error.where}`);
      return true;
    });
  }
});

test('a link cannot lead out of the volume', async (t) => {
  const outside = volume(t, { 'secret.idx': idx, 'secret.png': await png(1) });
  const root = volume(t, { 'folder/a.png': await png(1) });
  symlinkSync(join(outside, 'secret.idx'), join(root, 'link.idx'));
  symlinkSync(join(outside, 'secret.png'), join(root, 'folder/b.png'));
  for (const [format, path] of [
    ['Idx', 'link.idx'],
    ['ImageFolder', 'folder'],
  ] as const) {
    await assert.rejects(readDataset(describe(format, path), root), { code: 'InputUnsafe' });
  }
});

test('a folder is searched once, whatever links lead to it, and a folder that is called like an image', async (t) => {
  const root = volume(t, {
    'top/a/1.png': await png(1),
    'top/b.png/2.png': await png(2),
    'top/.hidden/3.png': await png(3),
    'top/._4.png': 'left by a Mac',
    'shared/5.JPG': new Uint8Array(
      await sharp(await png(5))
        .jpeg({ quality: 100 })
        .toBuffer(),
    ),
  });
  symlinkSync('.', join(root, 'top/again'));
  symlinkSync('../a', join(root, 'top/a/again'));
  symlinkSync('../shared', join(root, 'top/z'));
  symlinkSync('nowhere', join(root, 'top/loose'));
  symlinkSync('circle', join(root, 'top/circle'));
  const images = await readDataset(describe('ImageFolder', 'top'), root);
  assert.deepEqual([...new Set(images.pixels)], [1, 2, 5]);
  assert.equal(images.count, 3);
  symlinkSync('nowhere', join(root, 'top/gone.png'));
  await assert.rejects(readDataset(describe('ImageFolder', 'top'), root), {
    code: 'InputMissing',
    where: join('top', 'gone.png'),
  });
});

test('a photograph is read upright', async (t) => {
  const lying = Uint8Array.from({ length: 64 }, (_, i) => (i < 32 ? 255 : 0)); // white above black
  const photograph = await sharp(lying, { raw: { width: 8, height: 8, channels: 1 } })
    .withMetadata({ orientation: 6 }) // the top is on the right
    .jpeg({ quality: 100 })
    .toBuffer();
  const { pixels } = await readDataset(describe('ImageFolder', ''), volume(t, { 'a.jpg': photograph }));
  const row = [0, 1, 2, 3].map((x) => Math.round((pixels[x] as number) / 255));
  assert.deepEqual(row, [0, 0, 1, 1]);
});

test('images of 16 bits, a palette, transparency or print colours are read, other formats refused whatever their name', async (t) => {
  const raw = (channels: 1 | 3 | 4) => ({ raw: { width: 4, height: 4, channels } });
  const deep = sharp(new Uint16Array(16).fill(0x8080), raw(1)).toColourspace('grey16');
  const files = {
    'deep.png': await deep.png().toBuffer(),
    'palette.png': await sharp(new Uint8Array(48).fill(128), raw(3)).png({ palette: true }).toBuffer(),
    'clear.png': await sharp(new Uint8Array(64).fill(128), raw(4)).png().toBuffer(),
    'print.jpg': await sharp(new Uint8Array(48).fill(128), raw(3)).toColourspace('cmyk').jpeg().toBuffer(),
  };
  for (const [name, bytes] of Object.entries(files)) {
    const { pixels } = await readDataset(describe('ImageFolder', ''), volume(t, { [name]: bytes }));
    const expected = name === 'clear.png' ? 64 : 128; // half transparent over black
    assert.ok(
      pixels.every((value) => Math.abs(value - expected) < 16),
      `${name}: ${pixels}`,
    );
  }
  const flat = sharp(new Uint8Array(48).fill(128), raw(3));
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4"/></svg>';
  for (const bytes of [await flat.gif().toBuffer(), await flat.webp().toBuffer(), svg]) {
    await assert.rejects(readDataset(describe('ImageFolder', ''), volume(t, { 'a.png': bytes })), {
      code: 'InputForeign',
      message: 'is neither PNG nor JPEG',
    });
  }
});

test('an image is refused wherever it is cut off, and where its data are damaged', async (t) => {
  const noise = Uint8Array.from({ length: 4096 }, (_, i) => (i * 7919 * (i >> 3)) & 255);
  const picture = () => sharp(noise, { raw: { width: 64, height: 64, channels: 1 } });
  const codeOf = (name: string, bytes: Uint8Array) =>
    readDataset(
      describe('ImageZip', 'a.zip', { image: { size: 32, channels: 1 } }),
      volume(t, { 'a.zip': zipSync({ [name]: bytes }) }),
    ).then(
      () => undefined,
      (error: DdrError) => error.code,
    );
  for (const [name, bytes] of [
    ['a.png', new Uint8Array(await picture().png().toBuffer())],
    ['a.jpg', new Uint8Array(await picture().jpeg().toBuffer())],
  ] as const) {
    assert.equal(await codeOf(name, bytes), undefined);
    for (const part of [0, 0.01, 0.1, 0.5, 0.9, 0.99]) {
      const cut = bytes.subarray(0, Math.floor(part * bytes.length));
      if (cut.length === 0 || cut.length > 8)
        assert.equal(await codeOf(name, cut), 'InputTruncated', `${name} ${part}`);
    }
    const codes: (string | undefined)[] = [];
    for (let at = 100; at < bytes.length; at += 100) {
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] as number) ^ 0x55;
      codes.push(await codeOf(name, damaged));
    }
    // A JPEG has no checksum: some damage is another picture.
    const refused = codes.filter((code) => code?.startsWith('Input')).length;
    assert.ok(refused > codes.length / 2, `${name}: ${refused} of ${codes.length}`);
  }
});

test('a link within the volume is fine', async (t) => {
  const root = volume(t, { 'real/images.idx': idx });
  symlinkSync('real/images.idx', join(root, 'link.idx'));
  assert.equal((await readDataset(describe('Idx', 'link.idx'), root)).count, 3);
});

test('whatever a file holds, it is read or refused', async (t) => {
  const samples: [Format, Uint8Array][] = [
    ['Idx', idx],
    ['Idx', gzipSync(idx)],
    ['Npy', writeNpy({ shape: [3, 4, 4], data: pixels })],
    ['Npz', writeNpz({ images: { shape: [3, 4, 4], data: pixels } })],
    ['ImageZip', zipSync({ 'a.png': new Uint8Array(await png(9)) })],
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
      writeFileSync(
        join(root, 'file'),
        bytes.subarray(0, keep > 0.5 ? bytes.length : Math.floor(2 * keep * bytes.length)),
      );
      try {
        assert.ok((await readDataset(describe(format, 'file'), root)).count > 0);
      } catch (error) {
        assert.ok(error instanceof DdrError && error.code.startsWith('Input'), String(error));
      }
    }),
    { numRuns: 300 },
  );
});
