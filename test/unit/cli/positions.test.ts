import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Positions, positionsOf } from '../../../src/cli/positions.ts';

const placeOf = (positions: Positions | undefined, path: (string | number)[]): string => {
  const { line, column } = positions?.placeOf(path) ?? {};
  return `${line}:${column}`;
};

test('every field of every document has its place', () => {
  const [first, second] = positionsOf('a:\n  - b: 1\n    c: {d: 2,\n      e: 3}\n---\n# none\n"x": &k y\nz: *k\n');
  assert.deepEqual(
    [['a'], ['a', 0, 'b'], ['a', 0, 'c', 'd'], ['a', 0, 'c', 'e'], ['a', 1, 'b'], ['q']].map((path) =>
      placeOf(first, path),
    ),
    ['1:1', '2:5', '3:9', '4:7', '1:1', '1:1'],
  );
  assert.deepEqual([placeOf(second, ['x']), placeOf(second, ['z'])], ['7:2', '8:1']);
});

test('a key that comes again is named where it does; entries of a list are none', () => {
  const [document] = positionsOf('a: {c: 1}\nb: [{a: 1}, {a: 2}]\na: {c: 2}\n');
  assert.deepEqual(document?.repeated, [{ key: 'a', place: { line: 3, column: 1 } }]);
});
