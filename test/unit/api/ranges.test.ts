import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatRanges } from '../../../src/api/ranges.ts';

test('ranges say every number once', () => {
  assert.equal(formatRanges([0, 1, 2, 5]), '0-2,5');
  assert.equal(formatRanges([]), '');
  const sorted = fc.uniqueArray(fc.nat(200)).map((numbers) => numbers.sort((a, b) => a - b));
  fc.assert(
    fc.property(sorted, (numbers) => {
      const text = formatRanges(numbers);
      const back =
        text === ''
          ? []
          : text.split(',').flatMap((range) => {
              const [first = 0, last = first] = range.split('-').map(Number);
              return Array.from({ length: last - first + 1 }, (_, i) => first + i);
            });
      assert.deepEqual(back, numbers);
    }),
  );
});
