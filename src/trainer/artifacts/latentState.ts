import { z } from 'zod';
import { alphasKinds, type LatentState } from '../../diffusion/latentStates.ts';
import { families } from '../../diffusion/schedule.ts';

/** A latent state as records have it. */
export const latentStateSchema: z.ZodType<LatentState> = z.object({
  index: z.int().min(0),
  timestep: z.int().min(0),
  alphaBar: z.number(),
});

/** What besides its states a record says of a schedule. */
export const scheduleRecordSchema = z.object({
  family: z.enum(families),
  alphas: z.enum(alphasKinds),
  timesteps: z.int().min(1),
});
