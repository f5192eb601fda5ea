import type { LossPoint } from '../artifacts/checkpoint.ts';

/** Points that a loss curve has at most. */
const maximumPoints = 400;

export interface LossHistory {
  losses: LossPoint[];
  pending: { sum: number; count: number };
}

export const emptyHistory = (): LossHistory => ({ losses: [], pending: { sum: 0, count: 0 } });

/**
 * Adds the loss of a step; a point of the curve is the mean over a window, so that the curve stays short.
 * @param images seen with this step
 * @param steps that there are in all
 */
export function addLoss({ losses, pending }: LossHistory, loss: number, images: number, steps: number): LossHistory {
  const window = Math.max(1, Math.ceil(steps / maximumPoints));
  const sum = pending.sum + loss;
  const count = pending.count + 1;
  if (count < window) return { losses, pending: { sum, count } };
  return { losses: [...losses, { images, loss: sum / count }], pending: { sum: 0, count: 0 } };
}
