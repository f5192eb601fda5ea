import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { joinNames, showName } from '../../../../src/trainer/data/fileName.ts';

test('a name that is text is shown as it is', () => {
  for (const name of ['a.png', 'Größe/画像 1.png', '😀.jpg', '']) assert.equal(showName(Buffer.from(name)), name);
});

test('bytes that are no UTF-8 and control characters are shown escaped', () => {
  assert.equal(showName(Buffer.from('caf\xe9.png', 'latin1')), 'caf\\xe9.png');
  assert.equal(showName(Buffer.from([0xff, 0x61, 0xc3, 0xa9, 0xc3])), '\\xffaé\\xc3');
  assert.equal(showName(Buffer.from('a\nb\x1b[31m\x7f.png')), 'a\\x0ab\\x1b[31m\\x7f.png');
  assert.equal(showName(Buffer.from('gpj.\u202egnp')), 'gpj.\\u202egnp');
});

test('whatever bytes a name has, it is shown as one line of text', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      assert.match(showName(bytes), /^\P{Cc}*$/u);
      assert.ok(showName(bytes).isWellFormed());
    }),
  );
});

test('names are joined by one slash', () => {
  const join = (a: string, b: string) => joinNames(Buffer.from(a), Buffer.from(b)).toString();
  assert.deepEqual([join('a', 'b'), join('', 'b'), join('a', ''), join('/', 'b')], ['a/b', 'b', 'a', '/b']);
});
