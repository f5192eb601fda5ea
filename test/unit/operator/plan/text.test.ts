import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cutText } from '../../../../src/operator/plan/text.ts';

test('what is cut has whole characters only, so that the API server stores it as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(20), (text, most) => {
      const cut = cutText(text, most);
      assert.ok(cut.isWellFormed() && cut.length <= most);
      assert.equal(cutText(cut, most), cut);
    }),
  );
  assert.equal(cutText('a😀', 2), 'a\ufffd');
  assert.equal(cutText('short', 99), 'short');
});
