import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Report } from '../../../../src/trainer/artifacts/report.ts';
import { renderReport } from '../../../../src/trainer/report/html.ts';
import { renderSamples, renderTrajectory } from '../../../../src/trainer/report/pictures.ts';
import { exampleReport } from '../../../helpers/reports.ts';

const images = (...shape: number[]) => ({
  shape,
  data: new Uint8Array(shape.reduce((a, b) => a * b, 1)).map((_, i) => i % 251),
});
const samples = { png: await renderSamples(images(9, 8, 8, 1)), count: 9 };
const trajectory = await renderTrajectory({ x: images(4, 2, 8, 8, 1), predicted: images(3, 2, 8, 8, 1) });
const render = (fields: Partial<Report> = {}) => renderReport(exampleReport(fields), { samples, trajectory });

test('the page needs nothing else: no script, no link, no address', () => {
  const page = render().replaceAll(/data:image\/png;base64,[A-Za-z0-9+/=]+/g, '');
  assert.doesNotMatch(page, /https?:|\/\/[a-z]|<script|<link|<iframe|@import|url\(|\bon[a-z]+=/i);
  assert.match(page, /^<!doctype html>/);
});

test('every tag that opens closes', () => {
  const empty = new Set(['meta', 'img', 'br']);
  const open: string[] = [];
  for (const [, slash, name = '', selfClosing] of render().matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*?(\/?)>/g)) {
    if (slash === '/') assert.equal(open.pop(), name);
    else if (selfClosing === '' && !empty.has(name)) open.push(name);
  }
  assert.deepEqual(open, []);
});

test('no number without N, extractor and digest', () => {
  const page = render();
  assert.match(page, /<b>12\.35<\/b><span class="soft">Fréchet distance, N\u00a0=\u00a0300</);
  assert.match(page, /64 of mnist-classifier, <code title="(ab){32}">abababababab</);
  assert.match(page, /10,000 images of dataset <code>data\/mnist</);
  assert.match(page, /Compare only equal N\./);
  assert.doesNotMatch(page, /\bFID\b/);
});

test('text from outside is escaped', () => {
  const evil = `<img src=x onerror="alert('1')">&`;
  const report = exampleReport({ run: { name: evil, namespace: evil } });
  const evaluation = { ...(report.evaluation ?? assert.fail()), caveats: [evil], extractor: evil };
  evaluation.reference = { kind: 'file', where: evil, count: null };
  evaluation.metrics = [{ name: evil, value: 1, details: {} }];
  const dataset = {
    ...report.dataset,
    source: { where: evil, fingerprint: evil, reading: evil },
    leftOut: { count: 1, bySuffix: { [evil]: 1 }, examples: [evil] },
    broken: { count: 1, examples: [{ name: evil, message: evil }] },
    notices: [evil],
  };
  const page = render({ ...report, evaluation, dataset, sampling: { ...report.sampling, sampler: evil } });
  assert.doesNotMatch(page, /<img src=x/);
  assert.match(page, /&lt;img src=x onerror=&quot;alert\(&#39;1&#39;\)&quot;&gt;&amp;/);
});

test('without evaluation there is no distance, and the page says so', () => {
  const page = render({ evaluation: null });
  assert.doesNotMatch(page, /Fréchet|N\u00a0=\u00a0300/);
  assert.match(page, /No evaluation was asked for/);
});

test('a report of a thousand models stays small', () => {
  const { models } = exampleReport();
  const losses = Array.from({ length: 400 }, (_, i) => ({ images: i * 100, loss: 1 / (i + 1) }));
  const page = render({
    models: Array.from({ length: 1000 }, (_, index) => ({
      ...(models[0] ?? assert.fail()),
      index,
      states: [{ index, timestep: index, alphaBar: 1 - (index + 1) / 1001 }],
      losses,
    })),
  });
  assert.ok(page.length < 2_000_000, `${page.length} characters`);
});

test('curves and times that are not known are left out', () => {
  const page = render({ models: exampleReport().models.map((model) => ({ ...model, losses: [], seconds: null })) });
  assert.doesNotMatch(page, /<h2>Training<|class="loss"|training time|NaN|undefined|Infinity/);
  assert.doesNotMatch(render(), /NaN|undefined|Infinity/);
});
