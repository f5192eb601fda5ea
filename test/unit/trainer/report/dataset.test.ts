import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Report } from '../../../../src/trainer/artifacts/report.ts';
import { datasetSection } from '../../../../src/trainer/report/dataset.ts';
import { exampleReport } from '../../../helpers/reports.ts';

function section(fields: Partial<Report['dataset']> = {}): string {
  const report = exampleReport();
  return datasetSection({ ...report, dataset: { ...report.dataset, ...fields } });
}

test('the source, how many images and their digests are shown', () => {
  assert.match(section(), /<code>data\/mnist<\/code></);
  assert.match(section(), /10,000 of 8×8×1/);
  assert.doesNotMatch(section(), /left out|broken|<ul/);
});

test('files that are no images are counted by suffix, the most frequent first', () => {
  const leftOut = { count: 4, bySuffix: { '': 1, '.txt': 3 }, examples: ['a.txt', 'b.txt'] };
  assert.match(
    section({ leftOut }),
    /4 files that are no images: 3 <code>\.txt<\/code>, 1 without suffix.*<code>a\.txt<\/code>.*and 2 more/,
  );
});

test('broken images are named with what was wrong', () => {
  const broken = { count: 1, examples: [{ name: 'x\\xff.png', message: 'ends within its data' }] };
  assert.match(
    section({ broken }),
    /1 image that could not be decoded, left out.*<code>x\\xff\.png<\/code> ends within its data/,
  );
});

test('every notice is shown', () => {
  const notices = ['3 images were not square and were cropped.', 'Labels were left out.'];
  for (const notice of notices) assert.ok(section({ notices }).includes(`<li>${notice}</li>`));
});

test('latents are shown with what networks see of them', () => {
  const latents = { size: 8, channels: 4, scalingFactor: 0.5, shiftFactor: 0 };
  const html = datasetSection({ ...exampleReport(), latents });
  assert.match(html, /of shape and latents/);
  assert.match(html, /latents of 8×8×4, as \(latent − 0\) · 0\.5/);
});
