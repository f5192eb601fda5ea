import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathOfSource, sourceSchema } from '../../../../src/api/spec/source.ts';

const accepts = (url: string) => sourceSchema.safeParse({ http: { urls: [url] } }).success;

test('a URL may have one range and a query, and no user, fragment or other scheme', () => {
  for (const url of [
    'https://data.example/{000000..000146}.tar',
    'http://127.0.0.1:8080/a/b.npz?download=true',
    'http://[::1]/a',
    'https://data.example/{7..7}/x',
  ])
    assert.ok(accepts(url), url);
  for (const url of [
    'https://data.example',
    'ftp://data.example/a',
    'file:///etc/passwd',
    '//data.example/a',
    'https://me:secret@data.example/a',
    'https://data.example/a#b',
    'https://data.example/a b',
    'https://data.example/{0..9}/{0..9}',
    'https://data.example/{a..b}',
    'https://data.example/{9..0}',
    'https://data.example/{0..100000}',
    'https://{0..9}.example/a',
  ])
    assert.ok(!accepts(url), url);
});

test('the path of the images is that below the claim, the prefix, or among the files', () => {
  const path = (source: object) => pathOfSource(sourceSchema.parse(source));
  assert.equal(path({ volume: { claimName: 'data', path: 'mnist' } }), 'mnist');
  assert.equal(path({ s3: { bucket: 'data', prefix: 'a', path: 'mnist' } }), 'mnist');
  assert.equal(path({ http: { urls: ['http://a/b'] } }), '');
});
