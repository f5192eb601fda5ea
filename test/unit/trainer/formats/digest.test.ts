import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { sha256 } from '../../../../src/trainer/formats/digest.ts';

test('a digest is that of all parts one after the other, texts as UTF-8', () => {
  const expected = createHash('sha256').update('1×2\nabc').digest('hex');
  assert.equal(sha256('1×2\n', new TextEncoder().encode('abc')), expected);
  assert.equal(sha256('1×2', new TextEncoder().encode('\nab'), 'c'), expected);
  assert.equal(sha256(), createHash('sha256').digest('hex'));
});
