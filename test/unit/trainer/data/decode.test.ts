import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, deflateSync, gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { DdrError } from '../../../../src/api/errors.ts';
import { type ImageSpec, imageSchema } from '../../../../src/api/spec/dataset.ts';
import { type DecodedImage, decodeImage } from '../../../../src/trainer/data/decode.ts';

const spec = (fields: object = {}): ImageSpec => imageSchema.parse({ size: 4, channels: 1, ...fields });
const noise = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => Math.imul(i, 2654435761) >>> 24);
const picture = () => sharp(noise, { raw: { width: 64, height: 64, channels: 3 } });
const whole = spec({ size: 64, channels: 3 });

/** What becomes of a file: its image, or the error's code. */
const outcome = (bytes: Uint8Array, image = whole): Promise<DecodedImage | string> =>
  decodeImage(bytes, image, 'file').catch((error: unknown) => {
    assert.ok(error instanceof DdrError, String(error));
    assert.equal(error.where, 'file');
    return error.code;
  });
const decoded = async (bytes: Uint8Array, image = whole): Promise<DecodedImage> => {
  const found = await outcome(bytes, image);
  assert.ok(typeof found !== 'string', String(found));
  return found;
};

/** The same picture in each format, in the ways in which files of it differ. */
const files = {
  'a.png': () => picture().png(),
  'interlaced.png': () => picture().png({ progressive: true }),
  'a.jpg': () => picture().jpeg(),
  'progressive.jpg': () => picture().jpeg({ progressive: true }),
  'a.webp': () => picture().webp(),
  'lossless.webp': () => picture().webp({ lossless: true }),
  'a.gif': () => picture().gif(),
  'a.tif': () => picture().tiff({ compression: 'none' }),
  'lzw.tif': () => picture().tiff({ compression: 'lzw' }),
  'jpeg.tif': () => picture().tiff({ compression: 'jpeg' }),
  'a.avif': () => picture().avif(),
};

test('what the decoder reads is read, by content', async () => {
  for (const [name, file] of Object.entries(files)) {
    const { pixels, warning, square } = await decoded(new Uint8Array(await file().toBuffer()));
    assert.deepEqual([pixels.length, warning, square], [64 * 64 * 3, undefined, true], name);
  }
});

test('an image is refused wherever it is cut off, or it is whole', async () => {
  for (const [name, file] of Object.entries(files)) {
    const bytes = new Uint8Array(await file().toBuffer());
    const { pixels } = await decoded(bytes);
    for (const part of [0, 0.003, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99]) {
      const found = await outcome(bytes.subarray(0, Math.floor(part * bytes.length)));
      if (typeof found === 'string') assert.match(found, /^Input(Truncated|Foreign)$/, `${name} ${part}`);
      else assert.deepEqual(found.pixels, pixels, `${name} ${part}`);
    }
    const half = await outcome(bytes.subarray(0, bytes.length / 2));
    assert.equal(half, 'InputTruncated', name);
  }
});

const chunk = (type: string, data: Uint8Array, wrong = 0): Buffer => {
  const typed = Buffer.concat([Buffer.from(type), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length);
  frame.writeUInt32BE((crc32(typed) ^ wrong) >>> 0, 4);
  return Buffer.concat([frame.subarray(0, 4), typed, frame.subarray(4)]);
};
const inserted = (bytes: Buffer, at: number, what: Uint8Array) =>
  Buffer.concat([bytes.subarray(0, at), what, bytes.subarray(at)]);

test('a JPEG with bytes between its parts is whole, and the warning is told', async () => {
  const jpeg = await picture().jpeg().toBuffer();
  const { pixels } = await decoded(jpeg);
  const tables = jpeg.indexOf(Buffer.from([0xff, 0xdb]));
  const found = await decoded(inserted(jpeg, tables, Uint8Array.of(1, 2, 3)));
  assert.deepEqual(found.pixels, pixels);
  assert.match(found.warning ?? '', /extraneous bytes/);
});

test('what surrounds the pixels may be wrong', async () => {
  const [jpeg, png] = [await picture().jpeg().toBuffer(), await picture().png().toBuffer()];
  const beginning = 33; // signature and IHDR
  const cases: Record<string, [Buffer, Buffer]> = {
    'bytes after a JPEG': [jpeg, Buffer.concat([jpeg, Buffer.from('appended')])],
    'bytes before its end': [jpeg, inserted(jpeg, jpeg.length - 2, Uint8Array.of(0, 1, 2))],
    'a broken profile': [jpeg, inserted(jpeg, 2, Buffer.from('\xff\xe2\x00\x10ICC_PROFILE\0\x09\x00', 'latin1'))],
    'broken EXIF': [jpeg, inserted(jpeg, 2, Buffer.from('\xff\xe1\x00\x0cExif\0\0\x09\x00\x09\x09', 'latin1'))],
    'bytes after a PNG': [png, Buffer.concat([png, Buffer.from('appended')])],
    'a text with a wrong checksum': [png, inserted(png, beginning, chunk('tEXt', Buffer.from('a\0b'), 1))],
    'a gamma with a wrong checksum': [png, inserted(png, beginning, chunk('gAMA', Buffer.from([0, 0, 177, 143]), 1))],
    'a profile that is none': [png, inserted(png, beginning, chunk('iCCP', Buffer.from('x\0\0none')))],
    'an empty profile': [
      png,
      inserted(png, beginning, chunk('iCCP', Buffer.concat([Buffer.from('x\0\0'), deflateSync(Buffer.alloc(200))]))),
    ],
    'a PNG without its end': [png, png.subarray(0, -12)],
  };
  for (const [name, [sound, strange]] of Object.entries(cases))
    assert.deepEqual((await decoded(strange)).pixels, (await decoded(sound)).pixels, name);
});

test('damage within the pixels is refused where it can be seen', async () => {
  for (const name of ['a.png', 'a.jpg'] as const) {
    const bytes = new Uint8Array(await files[name]().toBuffer());
    const found: (DecodedImage | string)[] = [];
    for (let at = 100; at < bytes.length; at += 100) {
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] as number) ^ 0x55;
      found.push(await outcome(damaged));
    }
    // A JPEG has no checksum: most damage is another picture.
    const refused = found.filter((one) => typeof one === 'string').length;
    assert.ok(refused > found.length * (name === 'a.png' ? 0.9 : 0.1), `${name}: ${refused} of ${found.length}`);
  }
});

test('of an animation the first frame is read', async () => {
  const frames = await Promise.all(
    [200, 10].map((value) =>
      sharp(new Uint8Array(48).fill(value), { raw: { width: 4, height: 4, channels: 3 } })
        .png()
        .toBuffer(),
    ),
  );
  for (const format of ['gif', 'webp'] as const) {
    const animated = await sharp(frames, { join: { animated: true } })
      .toFormat(format, { lossless: true })
      .toBuffer();
    const { pixels } = await decoded(animated, spec());
    assert.ok(
      pixels.every((value) => Math.abs(value - 200) < 3),
      `${format}: ${pixels}`,
    );
  }
});

test('a gzipped image is unpacked', async () => {
  const jpeg = await picture().jpeg().toBuffer();
  assert.deepEqual((await decoded(gzipSync(jpeg))).pixels, (await decoded(jpeg)).pixels);
  assert.equal(await outcome(gzipSync(jpeg).subarray(0, 500)), 'InputTruncated');
  assert.equal(await outcome(gzipSync(Buffer.from('no image'))), 'InputForeign');
});

test('images of 16 bits, a palette, transparency or print colours are read', async () => {
  const raw = (channels: 1 | 3 | 4) => ({ raw: { width: 4, height: 4, channels } });
  const deep = sharp(new Uint16Array(16).fill(0x8080), raw(1)).toColourspace('grey16');
  const cases = {
    'deep.png': await deep.png().toBuffer(),
    'palette.png': await sharp(new Uint8Array(48).fill(128), raw(3)).png({ palette: true }).toBuffer(),
    'clear.png': await sharp(new Uint8Array(64).fill(128), raw(4)).png().toBuffer(),
    'print.jpg': await sharp(new Uint8Array(48).fill(128), raw(3)).toColourspace('cmyk').jpeg().toBuffer(),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    const { pixels } = await decoded(bytes, spec());
    const expected = name === 'clear.png' ? 64 : 128; // half transparent over black
    assert.ok(
      pixels.every((value) => Math.abs(value - expected) < 16),
      `${name}: ${pixels}`,
    );
  }
});

test('a photograph is read upright', async () => {
  const lying = Uint8Array.from({ length: 64 }, (_, i) => (i < 32 ? 255 : 0)); // white above black
  const photograph = await sharp(lying, { raw: { width: 8, height: 8, channels: 1 } })
    .withMetadata({ orientation: 6 }) // the top is on the right
    .jpeg({ quality: 100 })
    .toBuffer();
  const { pixels } = await decoded(photograph, spec());
  assert.deepEqual(
    [0, 1, 2, 3].map((x) => Math.round((pixels[x] as number) / 255)),
    [0, 0, 1, 1],
  );
});

test('an image that is not square says so', async () => {
  const wide = sharp(new Uint8Array(32), { raw: { width: 8, height: 4, channels: 1 } });
  assert.equal((await decoded(await wide.png().toBuffer(), spec())).square, false);
});

test('what is no picture, or too much of one, is refused', async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4"/></svg>';
  for (const text of [svg, '%PDF-1.7', 'BM and more', 'text'])
    assert.equal(await outcome(Buffer.from(text)), 'InputForeign', text);
  assert.equal(await outcome(new Uint8Array()), 'InputTruncated');
  const bomb = sharp({ create: { width: 9000, height: 9000, channels: 3, background: '#000' } });
  assert.equal(await outcome(await bomb.png().toBuffer()), 'InputUnsafe');
});
