import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { labelsOfFolders } from '../../../../src/trainer/data/classFolders.ts';

const names = (...paths: string[]) => ({ names: paths.map((path) => Buffer.from(path)) });

test('folders are classes in the order of their names, whatever the order of the images', () => {
  assert.deepEqual(labelsOfFolders(names('cat/1.png', 'ant/2.png', 'cat/0.png', 'Zebra/x/y.png')), {
    labels: [2, 1, 2, 0],
    names: ['Zebra', 'ant', 'cat'],
  });
});

test('archives of Windows, and paths that begin with ./, name the same folders', () => {
  assert.deepEqual(labelsOfFolders(names('b\\1.png', './a/1.png', 'b/2.png')), {
    labels: [1, 0, 1],
    names: ['a', 'b'],
  });
});

test('an image in no folder has no class', () => {
  assert.throws(() => labelsOfFolders(names('a/1.png', '2.png')), { code: 'InputMismatch', message: /2\.png/ });
});

test('images have equal labels exactly where their folders are equal', () => {
  const folder = fc.stringMatching(/^[a-zé_0-9]{1,3}$/);
  fc.assert(
    fc.property(fc.array(folder, { minLength: 1, maxLength: 20 }), (folders) => {
      const found = labelsOfFolders(names(...folders.map((name, i) => `${name}/${i}.png`)));
      assert.deepEqual(
        found.labels.map((label) => found.names[label]),
        folders,
      );
    }),
  );
});
