import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { latentStates, partitionModels, reachesNoise } from '../../../src/diffusion/latentStates.ts';
import { alphaBars, type Family } from '../../../src/diffusion/schedule.ts';
import { selectTimesteps } from '../../../src/diffusion/spacing.ts';

const families: Family[] = ['Linear', 'Cosine', 'ScaledLinear'];
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

test('a mapped state has the ᾱ of its timestep, a recomputed one that of a short schedule', () => {
  const options = { family: 'Linear', timesteps: 1000, states: 10, spacing: 'Uniform' } as const;
  const mapped = latentStates({ ...options, alphas: 'Mapped' });
  assert.equal(mapped[9]?.alphaBar, alphaBars('Linear', 1000)[999]);
  const recomputed = latentStates({ ...options, alphas: 'Recomputed' });
  assert.ok(Math.abs((recomputed[9]?.alphaBar ?? 0) - 0.904) < 1e-3, 'never near noise: the washed-out signature');
  assert.ok(reachesNoise(mapped));
  assert.ok(!reachesNoise(recomputed));
});

test('models share out the states in order', () => {
  const states = latentStates({ family: 'Cosine', timesteps: 100, states: 12, spacing: 'LogSNR', alphas: 'Mapped' });
  const models = partitionModels(states, 4);
  assert.equal(models.length, 3);
  assert.deepEqual(models.flat(), states);
});
