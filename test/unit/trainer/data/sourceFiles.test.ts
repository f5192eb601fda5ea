import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byName, changed } from '../../../../src/trainer/data/sourceFiles.ts';

const file = (name: string) => ({ name, size: 1, version: '' });

test('files are in the order of their names, by code units', () => {
  const names = ['b', 'a/10', 'a/9', 'B', 'ä'].map(file).sort(byName);
  assert.deepEqual(
    names.map(({ name }) => name),
    ['B', 'a/10', 'a/9', 'b', 'ä'],
  );
});

test('an error of a file that has changed names place and file', () => {
  const error = changed({ where: 's3://b' }, file('a.tar'), 'has vanished');
  assert.match(error.describe(), /DataChanged \(s3:\/\/b: a\.tar\): has vanished\. Data must stay/);
});
