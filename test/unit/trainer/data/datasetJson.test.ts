import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DdrError } from '../../../../src/api/errors.ts';
import { labelsOfJson } from '../../../../src/trainer/data/datasetJson.ts';

const files = (names: string[], json: string | undefined) => ({
  names: names.map((name) => Buffer.from(name)),
  beside: async () => (json === undefined ? undefined : { bytes: Buffer.from(json), where: 'dataset.json' }),
});
const labelsOf = async (names: string[], labels: unknown) =>
  (await labelsOfJson(files(names, JSON.stringify({ labels })))).labels;

test('each image has the label that is listed for its path', async () => {
  assert.deepEqual(
    await labelsOf(
      ['00000/a.png', '00000\\é.png'],
      [
        ['00000/é.png', 3],
        ['00000/a.png', 1],
      ],
    ),
    [1, 3],
  );
});

test('an image without a label, and a label without an image, are named', async () => {
  await assert.rejects(labelsOf(['a.png', 'b.png'], [['a.png', 1]]), { code: 'InputMismatch', message: /b\.png/ });
  await assert.rejects(
    labelsOf(
      ['a.png'],
      [
        ['a.png', 1],
        ['b.png', 2],
      ],
    ),
    { code: 'InputMismatch', message: /2 images, and 1 are there/ },
  );
});

test('no file, no labels in it, and vectors for labels are told apart', async () => {
  await assert.rejects(labelsOfJson(files(['a.png'], undefined)), { code: 'InputMissing' });
  await assert.rejects(labelsOf(['a.png'], null), { code: 'InputForeign', message: /has no labels/ });
  await assert.rejects(labelsOf(['a.png'], [['a.png', [0, 1]]]), { code: 'InputForeign', message: /does not list/ });
  await assert.rejects(labelsOfJson(files(['a.png'], '{')), { code: 'InputForeign', message: /not JSON/ });
});

test('whatever the file holds, the answer is labels or an error that names it', async () => {
  const json = fc.oneof(
    fc.string(),
    fc.json(),
    fc.record({ labels: fc.anything() }).map((value) => JSON.stringify(value) ?? ''),
  );
  await fc.assert(
    fc.asyncProperty(json, async (text) => {
      await labelsOfJson(files(['a.png'], text)).catch((error: unknown) => assert.ok(error instanceof DdrError));
    }),
  );
});

test('one that is larger than any list of labels is refused before it is read', async () => {
  const bytes = Buffer.from(new ArrayBuffer(2 ** 28 + 1));
  const source = { names: [], beside: async () => ({ bytes, where: 'dataset.json' }) };
  await assert.rejects(labelsOfJson(source), { code: 'InputUnsafe', where: 'dataset.json' });
});
