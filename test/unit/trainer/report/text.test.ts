import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compact, counted, duration, escapeHtml, grouped, significant } from '../../../../src/trainer/report/text.ts';

test('numbers as people read them', () => {
  assert.equal(grouped(1_234_567), '1,234,567');
  assert.equal(grouped(0.25), '0.25');
  assert.equal(compact(200_000), '200K');
  assert.equal(duration(4.23), '4.2 s');
  assert.equal(duration(59.97), '1 min 0 s');
  assert.equal(duration(209), '3 min 29 s');
  assert.equal(duration(7322), '2 h 2 min');
});

test('a number to some digits has no zeros at its end', () => {
  assert.equal(significant(12.3456), '12.35');
  assert.equal(significant(12, 6), '12');
});

test('one of a thing is not several', () => {
  assert.equal(counted(1, 'model'), '1 model');
  assert.equal(counted(1000, 'model'), '1,000 models');
});

test('text cannot become markup', () => {
  assert.equal(escapeHtml(`<a href="x" id='y'>&`), '&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;');
});
