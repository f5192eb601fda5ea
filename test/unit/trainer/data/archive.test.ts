import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zipSync } from 'fflate';
import { datasetOf, png, readImages, volumeOf } from '../../../helpers/data.ts';

test('images are found in an archive whatever separates folders, and whatever comes before it', async (t) => {
  const zip = zipSync({
    'b\\2.png': await png(2),
    'a/1.png': await png(1),
    'folder/': new Uint8Array(),
    'a\\': new Uint8Array(),
    '__MACOSX\\._1.png': new Uint8Array(3),
    'readme.txt': new Uint8Array(3),
  });
  const root = volumeOf(t, { 'a.zip': zip, 'installer.zip': Buffer.concat([Buffer.from('#!/bin/sh\n'), zip]) });
  for (const path of ['a.zip', 'installer.zip']) {
    const { pixels, findings } = await readImages(datasetOf('ImageZip', path), root);
    assert.deepEqual([[...new Set(pixels)], findings.leftOut.bySuffix], [[1, 2], new Map([['.txt', 1]])]);
  }
});

test('a name that is no UTF-8 is shown escaped, as in a folder', async (t) => {
  const zip = zipSync({ 'caf_.png': new Uint8Array([1, 2, 3]) });
  for (let at = zip.indexOf(0x5f); at >= 0; at = zip.indexOf(0x5f, at + 1)) zip[at] = 0xe9;
  const root = volumeOf(t, { 'a.zip': zip });
  await assert.rejects(readImages(datasetOf('ImageZip', 'a.zip'), root), { where: /a\.zip:caf\\xe9\.png$/ });
});
