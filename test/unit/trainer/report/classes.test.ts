import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { classesSection, renderClasses } from '../../../../src/trainer/report/classes.ts';
import { exampleReport } from '../../../helpers/reports.ts';

const shape = { size: 4, channels: 1 } as const;
const image = (value: number) => new Uint8Array(16).fill(value);
const classes = [
  { label: 0, images: [image(1), image(2)] },
  { label: 2, images: [image(3)] },
];

test('a row of pictures per class, and one picture of all', async () => {
  const { whole, rows } = (await renderClasses(classes, shape)) ?? assert.fail();
  assert.deepEqual(
    rows.map(({ label }) => label),
    [0, 2],
  );
  const [all, row] = [await sharp(whole).metadata(), await sharp(rows[0]?.png).metadata()];
  assert.equal(all.width, row.width);
  assert.ok(all.height > 2 * row.height);
});

test('without classes there are no pictures of them', async () => {
  assert.equal(await renderClasses([], shape), undefined);
});

test('rows have the names of classes where the data have some, escaped, else their numbers', async () => {
  const pictures = (await renderClasses(classes, shape)) ?? assert.fail();
  const labels = { classes: 3, counts: [1, 1, 1] };
  const numbered = classesSection(exampleReport({ conditions: { labels } }), pictures);
  assert.match(numbered, /class 0[\s\S]*class 2/);
  assert.match(numbered, /The first 2 of 3 classes/);
  const named = classesSection(
    exampleReport({ conditions: { labels: { ...labels, names: ['<ant>', 'bee', 'cat'] } } }),
    pictures,
  );
  assert.match(named, /&lt;ant&gt;[\s\S]*cat/);
});
