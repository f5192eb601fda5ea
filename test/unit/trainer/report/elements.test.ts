import assert from 'node:assert/strict';
import { test } from 'node:test';
import { definitions, digest, image, shortDigest } from '../../../../src/trainer/report/elements.ts';

test('a picture is in the page itself, with a description', () => {
  assert.equal(image(Uint8Array.of(1, 2), 'a "b"'), '<img alt="a &quot;b&quot;" src="data:image/png;base64,AQI=">');
});

test('a term is text, its definition is HTML', () => {
  assert.equal(definitions([['<a>', '<b>1</b>']]), '<dl><dt>&lt;a&gt;</dt><dd><b>1</b></dd></dl>');
});

test('a short digest keeps the whole one at hand', () => {
  const sha256 = 'ab'.repeat(32);
  assert.equal(digest(sha256), `<code>${sha256}</code>`);
  assert.equal(shortDigest(sha256), `<code title="${sha256}">abababababab</code>`);
});
