import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contextsSchema, labelsSchema, promptsSchema } from '../../../../src/api/spec/conditions.ts';

test('labels lie with the images, beside them, or in a file of their own', () => {
  for (const labels of [
    { classes: 10, from: 'Idx' },
    { classes: 10, from: 'Idx', path: 'labels.gz' },
    { classes: 10, from: 'ClassFolders' },
    { classes: 10, from: 'DatasetJson' },
    { classes: 10, from: 'Npz', array: 'y_train' },
    { classes: 10, from: 'Npy', path: 'labels.npy' },
  ])
    assert.deepEqual(labelsSchema.parse(labels), labels);
});

test('labels that come with the images have no file of their own', () => {
  for (const from of ['ClassFolders', 'DatasetJson'])
    assert.equal(labelsSchema.safeParse({ classes: 10, from, path: 'labels.npy' }).success, false);
});

test('only an npy file of contexts has no name for its array', () => {
  const shape = { tokens: 4, width: 8 };
  for (const [file, fits] of [
    [{ path: 'c.npy', from: 'Npy' }, true],
    [{ path: 'c.npy', from: 'Npy', array: 'c' }, false],
    [{ path: 'c.npz', from: 'Npz' }, false],
    [{ path: 'c.safetensors', from: 'Safetensors', array: 'c' }, true],
  ] as const) {
    assert.equal(contextsSchema.safeParse({ ...file, ...shape }).success, fits);
    assert.equal(promptsSchema.safeParse(file).success, fits);
  }
});
