import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { alphaBars, type Family, families } from '../../../src/diffusion/schedule.ts';

const reference = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../fixtures/schedules.json'), 'utf8'),
) as Record<Family | 'timesteps', number[]>;

for (const family of families) {
  test(`ᾱ of ${family} is NumPy's`, () => {
    const levels = alphaBars(family, 1000);
    reference.timesteps.forEach((t, i) => {
      const expected = reference[family][i] as number;
      assert.ok(Math.abs((levels[t] as number) - expected) <= 1e-10 * expected, `t = ${t}`);
    });
  });
}

test('ᾱ falls strictly within (0, 1) for every T', () => {
  fc.assert(
    fc.property(fc.constantFrom(...families), fc.integer({ min: 1, max: 3000 }), (family, timesteps) => {
      const levels = alphaBars(family, timesteps);
      assert.ok(levels.every((level, t) => level > 0 && level < (t === 0 ? 1 : (levels[t - 1] as number))));
    }),
    { numRuns: 40 },
  );
});
