import assert from 'node:assert/strict';
import { test } from 'node:test';
import { once } from '../../../../src/operator/plan/once.ts';

test('a value is computed once for each object, undefined too', () => {
  let calls = 0;
  const measure = once((list: readonly number[]) => {
    calls++;
    return list[0];
  });
  const [one, none]: number[][] = [[1], []];
  assert.deepEqual([measure(one ?? []), measure(one ?? []), calls], [1, 1, 1]);
  assert.deepEqual([measure(none ?? []), measure(none ?? []), calls], [undefined, undefined, 2]);
  assert.equal(measure([1]), 1, 'an equal object is another one');
  assert.equal(calls, 3);
});
