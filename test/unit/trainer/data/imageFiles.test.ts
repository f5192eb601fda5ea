import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import sharp from 'sharp';
import { noticesOf } from '../../../../src/trainer/data/findings.ts';
import { datasetOf, png, readImages, volumeOf } from '../../../helpers/data.ts';
import { temporaryFolder } from '../../../helpers/folder.ts';

const values = (pixels: Uint8Array) => [...new Set(pixels)];
const flat = async (value: number, format: 'jpeg' | 'webp' | 'gif' | 'tiff' | 'avif') =>
  new Uint8Array(
    await sharp(new Uint8Array(48).fill(value), { raw: { width: 4, height: 4, channels: 3 } })
      .toFormat(format, { lossless: true, quality: 100 })
      .toBuffer(),
  );

test('what is decoded is read, the rest counted by suffix', async (t) => {
  const root = volumeOf(t, {
    'd/a.png': await png(10),
    'd/b.JPG': await flat(20, 'jpeg'),
    'd/c.webp': await flat(30, 'webp'),
    'd/d.gif': await flat(40, 'gif'),
    'd/e.tif': await flat(50, 'tiff'),
    'd/f.jfif': await flat(60, 'jpeg'),
    'd/noextension': await flat(70, 'jpeg'),
    'd/classes': 'cat, dog',
    'd/g.bmp': 'BM',
    'd/h.bmp': 'BM',
    'd/labels.TXT': '1',
  });
  const dataset = datasetOf('ImageFolder', 'd');
  const { pixels, count, findings } = await readImages(dataset, root);
  assert.equal(count, 7);
  for (const [i, value] of values(pixels).entries()) assert.ok(Math.abs(value - 10 * (i + 1)) < 3, `${values(pixels)}`);
  assert.deepEqual(findings.leftOut, {
    count: 4,
    bySuffix: new Map([
      ['', 1],
      ['.bmp', 2],
      ['.txt', 1],
    ] as const),
    examples: findings.leftOut.examples,
  });
  assert.match(noticesOf(findings, dataset)[0] ?? '', /^4 files .*2 \.bmp, 1 without suffix, 1 \.txt$/);
});

test('folder and archive of the same files give the same images in the same order', async (t) => {
  const image = await png(1);
  const root = temporaryFolder(t);
  const part = fc.constantFrom(
    'a',
    'B',
    'é',
    '画',
    '😀',
    '.h',
    '._x',
    '__MACOSX',
    '.ipynb_checkpoints',
    '.Trash-0',
    'b c',
    'zz',
  );
  const suffix = fc.constantFrom('.png', '.PNG', '.txt', '', '.png.gz', '.jpg');
  const name = fc
    .tuple(fc.array(part, { maxLength: 2 }), part, suffix)
    .map(([folders, last, end]) => [...folders.map((folder) => `${folder}.d`), `${last}${end}`].join('/'));
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(name, { minLength: 1, maxLength: 8 }), fc.boolean(), async (names, windows) => {
      const [folder, archive] = [`d${run++}`, `${run}.zip`];
      const files = Object.fromEntries(names.map((name, i) => [name, Buffer.concat([image, Buffer.from([i])])]));
      for (const [name, bytes] of Object.entries(files)) {
        mkdirSync(dirname(join(root, folder, name)), { recursive: true });
        writeFileSync(join(root, folder, name), bytes);
      }
      const shuffled = Object.entries(files).reverse();
      const packed = shuffled.map(([name, bytes]) => [
        windows ? name.replaceAll('/', '\\') : name,
        new Uint8Array(bytes),
      ]);
      writeFileSync(join(root, archive), zipSync(Object.fromEntries(packed)));
      const fields = { maxBroken: 100 };
      const [a, b] = [
        await readImages(datasetOf('ImageFolder', folder, fields), root),
        await readImages(datasetOf('ImageZip', archive, fields), root),
      ];
      assert.deepEqual([a.count, a.pixels], [b.count, b.pixels]);
      assert.deepEqual(
        [a.findings.leftOut.count, a.findings.broken.count],
        [b.findings.leftOut.count, b.findings.broken.count],
      );
      rmSync(join(root, folder), { recursive: true });
    }),
    { numRuns: 40 },
  );
});

test('a broken image fails with its name and how many there are', async (t) => {
  const good = Object.fromEntries(
    await Promise.all([0, 1, 2, 3].map(async (i) => [`${i}.png`, await png(i)] as const)),
  );
  const root = volumeOf(t, { ...good, '1b.png': '', '2b.png': 'no image', '3b.png': (await png(9)).subarray(0, 50) });
  const read = (fields: object) => readImages(datasetOf('ImageFolder', '', fields), root);
  for (const maxBroken of [0, 2]) {
    await assert.rejects(read({ maxBroken }), {
      code: 'InputTruncated',
      where: join(root, '1b.png'),
      message: /^is empty; 3 of 7 images cannot be read.*1b\.png, 2b\.png, 3b\.png/,
      hint: /maxBroken: 3/,
    });
  }
  const { count, pixels, findings } = await read({ maxBroken: 3 });
  assert.deepEqual([count, values(pixels)], [4, [0, 1, 2, 3]]);
  assert.deepEqual(
    findings.broken.examples.map(({ name, message }) => [name, message.slice(0, 10)]),
    [
      ['1b.png', 'is empty'],
      ['2b.png', 'is no imag'],
      ['3b.png', 'is cut off'],
    ],
  );
});

test('with a limit, broken images beyond it do not matter, and others take the place of those before', async (t) => {
  const root = volumeOf(t, { '0.png': await png(0), '1.png': '', '2.png': await png(2), '3.png': '', '4.png': '' });
  const { pixels } = await readImages(datasetOf('ImageFolder', '', { limit: 2, maxBroken: 1 }), root);
  assert.deepEqual(values(pixels), [0, 2]);
});

test('images that are not square or that the decoder warns of are counted', async (t) => {
  const wide = new Uint8Array(
    await sharp(new Uint8Array(32), { raw: { width: 8, height: 4, channels: 1 } })
      .png()
      .toBuffer(),
  );
  const jpeg = await flat(9, 'jpeg');
  const tables = Buffer.from(jpeg).indexOf(Buffer.from([0xff, 0xdb]));
  const strange = Buffer.concat([jpeg.subarray(0, tables), Buffer.from([1, 2, 3]), jpeg.subarray(tables)]);
  const root = volumeOf(t, { 'a.png': wide, 'b.png': wide, 'c.jpg': strange });
  const dataset = datasetOf('ImageFolder', '');
  const { findings } = await readImages(dataset, root);
  const notices = noticesOf(findings, dataset);
  assert.match(notices[0] ?? '', /^1 image was read though the decoder warns, first of c\.jpg: .*extraneous/);
  assert.match(notices[1] ?? '', /^2 images were not square and cropped to their centre .*first a\.png$/);
});

test('a file that cannot be there fails whatever may be left out', async (t) => {
  const root = volumeOf(t, { 'a.png': await png(1) });
  symlinkSync('nowhere', join(root, 'gone.png'));
  await assert.rejects(readImages(datasetOf('ImageFolder', '', { maxBroken: 5 }), root), {
    code: 'InputMissing',
    where: join(root, 'gone.png'),
  });
});
