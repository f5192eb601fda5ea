import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { formatOf, headBytes, isCutOff, isGzip } from '../../../../src/trainer/data/imageFormat.ts';

const picture = () => sharp({ create: { width: 16, height: 16, channels: 3, background: '#123' } });
const files = {
  PNG: () => picture().png(),
  JPEG: () => picture().jpeg(),
  GIF: () => picture().gif(),
  WebP: () => picture().webp(),
  TIFF: () => picture().tiff(),
  AVIF: () => picture().avif(),
};

test('a format is told by the first bytes', async () => {
  for (const [format, file] of Object.entries(files))
    assert.equal(formatOf((await file().toBuffer()).subarray(0, headBytes)), format);
  assert.equal(formatOf(await picture().tiff({ bigtiff: true }).toBuffer()), 'TIFF');
});

test('what is not decoded has no format', () => {
  for (const text of [
    '',
    'BM',
    '<svg xmlns=',
    '%PDF-',
    'RIFF....WAVE',
    '\0\0\0\x18ftypheic',
    '\0\0\0\x18ftypmp42',
    'GIF',
  ])
    assert.equal(formatOf(Buffer.from(text, 'latin1')), undefined, text);
});

test('a file that ends before its container says is cut off', async () => {
  for (const format of ['PNG', 'WebP', 'AVIF'] as const) {
    const bytes = await files[format]().toBuffer();
    assert.equal(isCutOff(bytes), false, format);
    for (const length of [16, bytes.length >> 1, bytes.length - 9])
      assert.equal(isCutOff(bytes.subarray(0, length)), true, `${format} ${length}`);
  }
  for (const bigtiff of [false, true]) {
    const bytes = await picture().tiff({ compression: 'none', bigtiff }).toBuffer(); // its directory comes last
    assert.deepEqual([isCutOff(bytes), isCutOff(bytes.subarray(0, bytes.length >> 1))], [false, true]);
  }
});

test('gzip is told by its first bytes', () => {
  assert.deepEqual(
    [isGzip(Uint8Array.of(0x1f, 0x8b, 8)), isGzip(Uint8Array.of(0x1f)), isGzip(new Uint8Array())],
    [true, false, false],
  );
});
