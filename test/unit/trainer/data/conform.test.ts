import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { type ImageSpec, imageSchema } from '../../../../src/api/spec/dataset.ts';
import { conform } from '../../../../src/trainer/data/conform.ts';

const spec = (fields: object = {}): ImageSpec => imageSchema.parse({ size: 4, channels: 1, ...fields });
const fits = ['CenterCrop', 'Stretch', 'Pad'] as const;

/** Left third white, middle third grey, right third black. */
const wide = {
  width: 12,
  height: 4,
  channels: 1 as const,
  pixels: Uint8Array.from({ length: 48 }, (_, i) => [255, 128, 0][Math.floor((i % 12) / 4)] as number),
};

test('square images are the same whatever the fit, and the same as stretched ones always were', async () => {
  for (const [from, to] of [
    [28, 32],
    [10, 8],
    [65, 64],
    [7, 224],
    [300, 32],
  ] as const) {
    const pixels = Uint8Array.from({ length: from * from * 3 }, (_, i) => Math.imul(i, 2654435761) >>> 24);
    const raw = { width: from, height: from, channels: 3 as const };
    const stretched = await sharp(pixels, { raw })
      .resize(to, to, { fit: 'fill', kernel: 'lanczos3' })
      .flatten({ background: '#000' })
      .toColourspace('srgb')
      .raw()
      .toBuffer();
    for (const fit of fits) {
      const found = await conform({ ...raw, pixels }, spec({ size: Math.max(4, to), channels: 3, fit }));
      assert.ok(stretched.equals(found), `${from} to ${to}, ${fit}`);
    }
  }
});

test('an image that is not square is cropped, stretched or padded', async () => {
  const row = async (fit: string) => [...(await conform(wide, spec({ fit }))).subarray(0, 4)];
  assert.deepEqual(await row('CenterCrop'), [128, 128, 128, 128]);
  const [first = 0, , , last = 0] = await row('Stretch');
  assert.ok(first > 200 && last < 50, `${first} ${last}`);
  const padded = await conform(wide, spec({ size: 12, fit: 'Pad' }));
  const line = (y: number) => [...padded.subarray(y * 12, y * 12 + 12)];
  assert.deepEqual([new Set(line(0)), new Set(line(11))], [new Set([0]), new Set([0])]);
  assert.deepEqual(line(6), [...wide.pixels.subarray(0, 12)]);
});

test('grey becomes colour and colour grey', async () => {
  const grey = { width: 4, height: 4, channels: 1 as const, pixels: new Uint8Array(16).fill(77) };
  const colour = await conform(grey, spec({ channels: 3 }));
  assert.deepEqual([colour.length, new Set(colour)], [48, new Set([77])]);
  const back = await conform({ width: 4, height: 4, channels: 3, pixels: colour }, spec());
  assert.deepEqual([back.length, new Set(back)], [16, new Set([77])]);
});

test('transparency is over black', async () => {
  const pixels = Uint8Array.from({ length: 64 }, (_, i) => (i % 4 === 3 ? 128 : 200));
  const found = await conform({ width: 4, height: 4, channels: 4, pixels }, spec({ channels: 3 }));
  assert.ok(
    found.every((value) => Math.abs(value - 100) < 2),
    String(found),
  );
});
