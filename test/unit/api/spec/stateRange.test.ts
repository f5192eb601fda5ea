import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseStateRange, stateRange } from '../../../../src/api/spec/stateRange.ts';

const state = fc.integer({ min: 0, max: 4095 });

test('a range is read as it is written', () => {
  fc.assert(
    fc.property(state, state, (first, last) => {
      assert.deepEqual(parseStateRange(`${first}-${last}`), { first, last });
      assert.deepEqual(parseStateRange(`${first}`), { first, last: first });
      assert.equal(stateRange('').safeParse(`${first}-${last}`).success, first <= last);
    }),
  );
});

test('what is no range is refused', () => {
  for (const text of ['', '-', '1-', '-1', '1-2-3', 'all', '1.5', '12345'])
    assert.equal(stateRange('').safeParse(text).success, false, text);
});
