import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { escapeInvisible } from '../../../src/api/invisible.ts';

test('what a terminal would act on is shown instead', () => {
  assert.equal(escapeInvisible('a\x1b[31m\u202eb\x9b'), 'a\\x1b[31m\\u202eb\\x9b');
  assert.equal(escapeInvisible('a\nb\tc', '\n'), 'a\nb\\x09c');
  assert.equal(escapeInvisible('Ünïcødé 画 😀'), 'Ünïcødé 画 😀');
});

test('nothing invisible is left, and to escape again changes nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const shown = escapeInvisible(text);
      assert.doesNotMatch(shown, /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
      assert.equal(escapeInvisible(shown), shown);
    }),
  );
});
