import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { datasetOf, png, readImages, volumeOf } from '../../../helpers/data.ts';

test('a folder is searched once, whatever links lead to it, and a folder that is called like an image', async (t) => {
  const root = volumeOf(t, {
    'top/a/1.png': await png(1),
    'top/b.png/2.png': await png(2),
    'top/.hidden/3.png': await png(3),
    'top/._4.png': 'left by a Mac',
    'shared/5.PNG': await png(5),
  });
  symlinkSync('.', join(root, 'top/again'));
  symlinkSync('../a', join(root, 'top/a/again'));
  symlinkSync('../shared', join(root, 'top/z'));
  symlinkSync('nowhere', join(root, 'top/loose'));
  symlinkSync('circle', join(root, 'top/circle'));
  const { pixels, count } = await readImages(datasetOf('ImageFolder', 'top'), root);
  assert.deepEqual([count, [...new Set(pixels)]], [3, [1, 2, 5]]);
});

test('a name that is no UTF-8 is read, and shown escaped', async (t) => {
  const root = volumeOf(t, { 'a.png': await png(1) });
  const folder = Buffer.concat([Buffer.from(`${root}/b`), Buffer.from([0xe9])]);
  mkdirSync(folder);
  writeFileSync(Buffer.concat([folder, Buffer.from('/caf\xe9.png', 'latin1')]), await png(2));
  assert.deepEqual([...new Set((await readImages(datasetOf('ImageFolder', ''), root)).pixels)], [1, 2]);
  writeFileSync(Buffer.concat([folder, Buffer.from('/\n.png', 'latin1')]), 'no image');
  await assert.rejects(readImages(datasetOf('ImageFolder', ''), root), { where: `${root}/b\\xe9/\\x0a.png` });
});

test('a link out of the volume matters only where it is an image', async (t) => {
  const outside = volumeOf(t, { 'secret.png': await png(1), readme: 'x' });
  const root = volumeOf(t, { 'a.png': await png(1) });
  symlinkSync(join(outside, 'readme'), join(root, 'readme'));
  assert.equal((await readImages(datasetOf('ImageFolder', ''), root)).count, 1);
  symlinkSync(outside, join(root, 'folder'));
  await assert.rejects(readImages(datasetOf('ImageFolder', ''), root), { code: 'InputUnsafe' });
});

test('a link to nothing is a broken image, and may be left out', async (t) => {
  const root = volumeOf(t, { 'a.png': await png(1) });
  symlinkSync('.git/annex/objects/gone.png', join(root, 'b.png'));
  await assert.rejects(readImages(datasetOf('ImageFolder', ''), root), {
    code: 'InputForeign',
    message: /a link to what is not there; 1 of 2 images/,
    where: join(root, 'b.png'),
    hint: /Copy what it links to/,
  });
  const { count, findings } = await readImages(datasetOf('ImageFolder', '', { maxBroken: 1 }), root);
  assert.deepEqual([count, findings.broken.count], [1, 1]);
});

test('a file instead of a folder is refused with the format that it may be of', async (t) => {
  const root = volumeOf(t, { 'a.zip': 'PK' });
  await assert.rejects(readImages(datasetOf('ImageFolder', 'a.zip'), root), {
    code: 'InputForeign',
    where: join(root, 'a.zip'),
    hint: /ImageZip/,
  });
});
