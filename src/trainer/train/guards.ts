import { DdrError } from '../../api/errors.ts';
import type { LatentState } from '../../diffusion/latentStates.ts';

const hint =
  'Lower training.optimizer.learningRate, or set gradientClipNorm; an override can do so for these states only.';

const whereOf = (states: readonly LatentState[]) => `states ${states[0]?.index}-${states.at(-1)?.index}`;

/** @throws DdrError Diverged */
export function assertFiniteLoss(loss: number, images: number, states: readonly LatentState[]): void {
  if (!Number.isFinite(loss))
    throw new DdrError('Diverged', `the loss is ${loss} after ${images} images`, { where: whereOf(states), hint });
}

/**
 * Weights as they come, each piece looked at: the last step's loss is that of the weights before it.
 * @throws DdrError Diverged
 */
export function* onlyFinite(pieces: Iterable<Float32Array>, states: readonly LatentState[]): Generator<Float32Array> {
  for (const piece of pieces) {
    if (!piece.every(Number.isFinite))
      throw new DdrError('Diverged', 'a weight is no longer a finite number', { where: whereOf(states), hint });
    yield piece;
  }
}
