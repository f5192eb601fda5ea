import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byName, isHidden, kindOfName, pathKey, suffixOf, topFolder } from '../../../../src/trainer/data/imageNames.ts';

const bytes = (name: string) => Buffer.from(name, 'latin1');

test('what systems and editors leave beside images is hidden, with either separator', () => {
  const hidden = [
    '.a.png',
    '._a.png',
    'x/._a.png',
    'x\\._a.png',
    '__MACOSX/a.png',
    'x/__MACOSX/._a.png',
    '__MACOSX\\a.png',
    '.ipynb_checkpoints/a-checkpoint.png',
    'x/.Trash-1000/files/a.png',
    '.Trash-0\\b.png',
    './.git/a.png',
    '@eaDir/a.png/SYNOPHOTO_THUMB_XL.jpg',
    'x/@eadir/a.png@SynoEAStream',
    '#recycle/a.png',
    '#snapshot/x/a.png',
    '@Recycle/a.png',
    'lost+found/a.png',
    '$RECYCLE.BIN\\S-1-5\\a.png',
    'System Volume Information/a.png',
  ];
  for (const name of hidden) assert.ok(isHidden(bytes(name)), name);
  for (const name of [
    'a.png',
    './a.png',
    'x/a.png',
    'a.b/c.png',
    'MACOSX/a.png',
    '_a.png',
    'x\\a.png',
    '../a.png',
    'x/../a.png',
  ])
    assert.ok(!isHidden(bytes(name)), name);
});

test('a name says whether a file is an image, in any case, gzipped or not', () => {
  for (const name of [
    'a.png',
    'b.JPG',
    'c.jpeg',
    'd.Jfif',
    'e.jpe',
    'f.webp',
    'g.gif',
    'h.tif',
    'i.TIFF',
    'j.avif',
    'k.jpg.gz',
  ])
    assert.equal(kindOfName(bytes(name)), 'image', name);
  for (const name of ['a.txt', 'b.bmp', 'c.svg', 'd.pdf', 'e.tar.gz', 'f.png.txt', 'g.jpg~', 'png'])
    assert.notEqual(kindOfName(bytes(name)), 'image', name);
});

test('a name without suffix says nothing; digits are none', () => {
  for (const name of ['a', 'x.d/a', 'frame.0001', 'n01440764_10026', 'x.png/7', '\xff'])
    assert.equal(kindOfName(bytes(name)), 'unknown', name);
});

test('suffixes are in lower case', () => {
  const cases: [string, string][] = [
    ['a.PNG', '.png'],
    ['a.b.Txt', '.txt'],
    ['a', ''],
    ['a.tar.gz', '.gz'],
    ['a.jpg.gz', '.jpg'],
    ['x.d\\a.bmp', '.bmp'],
  ];
  for (const [name, suffix] of cases) assert.equal(suffixOf(bytes(name)), suffix, name);
});

test('images are in the order of their bytes, whatever separates folders', () => {
  const names = ['b\\a.png', 'b/B.png', 'a.png', '\xff.png', 'b.png', 'B.png'].map((name) => ({ name: bytes(name) }));
  const sorted = names.sort(byName).map(({ name }) => name.toString('latin1'));
  assert.deepEqual(sorted, ['B.png', 'a.png', 'b.png', 'b/B.png', 'b\\a.png', '\xff.png']);
});

test('a path is looked up by its parts, and its first folder is that below the top', () => {
  const folder = (name: string) => topFolder(Buffer.from(name))?.toString();
  assert.deepEqual(['a/b/c.png', './a\\c.png', 'c.png', ''].map(folder), ['a', 'a', undefined, undefined]);
  assert.equal(pathKey(Buffer.from('./a\\b//c.png')), 'a/b/c.png');
});
