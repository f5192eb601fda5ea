import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkpointName, modelFileName, productOf, runDirectory, runLayout } from '../../../src/api/layout.ts';
import { components } from '../../../src/api/names.ts';

const directory = runDirectory('digits');

test('a step’s product is a folder of its run, and each has its own', () => {
  const products = components.map((kind) => productOf({ kind, directory, hash: 'a1' }, 0));
  assert.deepEqual(products, [
    'runs/digits/prepared/a1',
    'runs/digits/models/a1/final',
    'runs/digits/bundles/a1',
    'runs/digits/samples/a1/shard-0000',
    'runs/digits/reports/a1',
  ]);
});

test('what is numbered stands in its order when it is listed', () => {
  const { shard } = runLayout(directory);
  for (const name of [(n: number) => shard('a1', n), (n: number) => modelFileName(n), (n: number) => checkpointName(n)])
    assert.deepEqual([9, 10, 123].map(name).toSorted(), [9, 10, 123].map(name));
});
