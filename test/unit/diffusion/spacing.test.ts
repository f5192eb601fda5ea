import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { families } from '../../../src/diffusion/schedule.ts';
import { selectTimesteps } from '../../../src/diffusion/spacing.ts';

test('Uniform is ⌊(i+1)·T/S⌋ − 1', () => {
  const options = { family: 'Linear', timesteps: 1000, spacing: 'Uniform' } as const;
  const chosen = selectTimesteps({ ...options, states: 32 });
  assert.deepEqual([...chosen.slice(0, 3), chosen.at(-1)], [30, 61, 92, 999]);
  assert.deepEqual(selectTimesteps({ ...options, states: 1 }), [999]);
});

test('every spacing gives S distinct rising timesteps that end at T − 1, for every S ≤ T', () => {
  const sizes = fc
    .integer({ min: 1, max: 1200 })
    .chain((timesteps) => fc.tuple(fc.constant(timesteps), fc.integer({ min: 1, max: timesteps })));
  fc.assert(
    fc.property(
      fc.constantFrom(...families),
      fc.constantFrom('Uniform' as const, 'Quadratic' as const, 'LogSNR' as const),
      sizes,
      (family, spacing, [timesteps, states]) => {
        const chosen = selectTimesteps({ family, timesteps, states, spacing });
        assert.equal(chosen.length, states);
        assert.equal(chosen.at(-1), timesteps - 1);
        assert.ok(chosen.every((t, i) => Number.isInteger(t) && t > (chosen[i - 1] ?? -1)));
      },
    ),
    { numRuns: 200 },
  );
});
