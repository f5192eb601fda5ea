import { z } from 'zod';
import { alphasKinds } from '../../diffusion/latentStates.ts';
import { families } from '../../diffusion/schedule.ts';
import { spacings } from '../../diffusion/spacing.ts';
import { integer, withRules } from '../rules.ts';

const schedule = z
  .strictObject({
    family: z
      .enum(families)
      .default('Linear')
      .describe(
        'Noise schedule over the T timesteps: Linear (β from 1e-4 to 0.02), Cosine (s = 0.008), ScaledLinear (√β from √0.00085 to √0.012).',
      ),
    timesteps: integer(1, 10_000)
      .default(1000)
      .describe('T, the length of the noise schedule that latent states are chosen from.'),
    states: integer(1, 4096).describe('S, the number of latent states; at most timesteps.'),
    statesPerModel: integer(1, 4096)
      .default(1)
      .describe(
        'g, the number of neighbouring states that one model learns; divides states. 1 is complete disentanglement, S is the usual joint model.',
      ),
    spacing: z
      .enum(spacings)
      .default('Uniform')
      .describe(
        'How the S timesteps are chosen from the T: evenly, evenly in √t, evenly in log signal-to-noise ratio, or as listed in indices.',
      ),
    indices: z
      .array(integer(0, 9999))
      .min(1)
      .max(4096)
      .meta({ 'x-kubernetes-list-type': 'set' })
      .optional()
      .describe('With spacing Explicit: the S timesteps, 0-based, strictly ascending (the cleanest first).'),
    alphas: z
      .enum(alphasKinds)
      .default('Mapped')
      .describe(
        "Mapped: a state's ᾱ is read from the T-schedule at its timestep. Recomputed: from a fresh S-step schedule (the paper's ablation, known to fail).",
      ),
  })
  .describe('The latent states, and how many of them one model learns.');

const ascending = (indices: readonly number[]) =>
  indices.every((value, i) => i === 0 || value > (indices[i - 1] as number));

export const scheduleSchema = withRules(schedule, [
  {
    cel: 'self.states <= self.timesteps',
    message:
      'states (S) must not exceed timesteps (T): latent states are chosen from the T timesteps; lower states or raise timesteps',
    path: ['states'],
    check: (s) => s.states <= s.timesteps,
  },
  {
    cel: 'self.states % self.statesPerModel == 0',
    message:
      'statesPerModel (g) must divide states (S), because every model covers g states; choose a divisor of states',
    path: ['statesPerModel'],
    check: (s) => s.states % s.statesPerModel === 0,
  },
  {
    cel: "(self.spacing == 'Explicit') == has(self.indices)",
    message: 'indices and spacing Explicit go together: set spacing to Explicit and list indices, or leave indices out',
    path: ['spacing'],
    check: (s) => (s.spacing === 'Explicit') === (s.indices !== undefined),
  },
  {
    cel: '!has(self.indices) || self.indices.size() == self.states',
    message: 'indices must list exactly as many timesteps as states (S) says',
    path: ['indices'],
    check: (s) => s.indices === undefined || s.indices.length === s.states,
  },
  {
    cel: '!has(self.indices) || self.indices.isSorted()',
    message: 'indices must be strictly ascending, without duplicates: the cleanest state first',
    path: ['indices'],
    check: (s) => s.indices === undefined || ascending(s.indices),
  },
  {
    cel: '!has(self.indices) || self.indices.all(i, i < self.timesteps)',
    message: 'indices must lie between 0 and timesteps − 1',
    path: ['indices'],
    check: (s) => s.indices === undefined || s.indices.every((i) => i < s.timesteps),
  },
]);
