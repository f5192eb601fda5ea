import { z } from 'zod';

/** What a trainer process answers at `/progress`. */
export const progressSchema = z.object({
  /** Waiting: for models that other clusters train. */
  phase: z.enum(['Starting', 'Waiting', 'Running', 'Saving', 'Done']),
  /** Work done and to do: images when training, samples when sampling, models when aggregating. */
  done: z.number().min(0),
  total: z.number().min(0),
  /** Items per second, smoothed. */
  perSecond: z.number().min(0).optional(),
  loss: z.number().optional(),
});

export type Progress = z.output<typeof progressSchema>;

/** Parses an answer; undefined where it is no progress. */
export function parseProgress(text: string): Progress | undefined {
  try {
    return progressSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
