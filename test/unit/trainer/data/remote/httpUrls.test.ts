import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { expandUrl, namedUrls } from '../../../../../src/trainer/data/remote/httpUrls.ts';

test('a range stands for all numbers from the first to the last, with as many digits', () => {
  assert.deepEqual(
    expandUrl('http://a/{08..11}.tar'),
    ['08', '09', '10', '11'].map((n) => `http://a/${n}.tar`),
  );
  assert.deepEqual(expandUrl('http://a/{9..10}?x=$&'), ['http://a/9?x=$&', 'http://a/10?x=$&']);
  assert.deepEqual(expandUrl('http://a/b.tar'), ['http://a/b.tar']);
});

test('there are as many URLs as the range is long, all different and in order', () => {
  fc.assert(
    fc.property(fc.nat(5000), fc.nat(300), fc.integer({ min: 1, max: 9 }), (first, more, digits) => {
      const pad = (n: number) => String(n).padStart(digits, '0');
      const all = expandUrl(`http://a/{${pad(first)}..${pad(first + more)}}.tar`);
      assert.equal(new Set(all).size, more + 1);
      assert.deepEqual([all[0], all.at(-1)], [`http://a/${pad(first)}.tar`, `http://a/${pad(first + more)}.tar`]);
    }),
    { numRuns: 50 },
  );
});

test('files are named by what comes after the last folder that is common to all', () => {
  const of = (...urls: string[]) => {
    const { folder, urls: named } = namedUrls(urls);
    return [folder, [...named.keys()]];
  };
  assert.deepEqual(of('http://a/b/{0..1}.tar'), ['http://a/b/', ['0.tar', '1.tar']]);
  assert.deepEqual(of('http://a/b/c.npy?download=true'), ['http://a/b/', ['c.npy']]);
  assert.deepEqual(of('http://a/b/train/1.png', 'http://a/b/trainer/2.png'), [
    'http://a/b/',
    ['train/1.png', 'trainer/2.png'],
  ]);
  assert.deepEqual(of('http://a/x', 'http://b/x'), ['http://', ['a/x', 'b/x']]);
  assert.deepEqual(of('http://a/x', 'https://b/x'), ['', ['http://a/x', 'https://b/x']]);
});

test('the URL of a file is found by its name, with its query', () => {
  const { urls } = namedUrls(['http://a/b.npy?token=1', 'http://a/c/d.npy']);
  assert.deepEqual([urls.get('b.npy'), urls.get('c/d.npy')], ['http://a/b.npy?token=1', 'http://a/c/d.npy']);
});

test('two of one name, and folders, are refused', () => {
  assert.throws(() => namedUrls(['http://a/b', 'http://a/b']), { code: 'InputMismatch', where: 'http://a/b' });
  assert.throws(() => namedUrls(['http://a/b?1', 'http://a/b?2']), { code: 'InputMismatch' });
  assert.throws(() => namedUrls(['http://a/b/', 'http://a/c']), { code: 'InputForeign', where: 'http://a/b/' });
  assert.throws(() => namedUrls(['http://a/']), { code: 'InputForeign' });
});
