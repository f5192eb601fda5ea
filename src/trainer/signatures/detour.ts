import type { Trajectory } from '../artifacts/samples.ts';

/** A state whose predicted image leaves the way between those of its neighbours. */
export interface Detour {
  /** Its place among the states that were visited, 0 the cleanest. */
  place: number;
  /** Squared way over this state, by the squared way past it. */
  ratio: number;
  /** Root mean square of how far x̂0 is from the next cleaner state's, in the values of a network. */
  distance: number;
}

/**
 * x̂0 of good models only ever learns more, so that squared ways add up: 1 for steps at right angles, less for those that go
 * one way. Trajectories of trained and hardly trained models have 0.6 to 1.1.
 */
const largestRatio = 3;
/** The part of the data's deviation below which ways are not looked at: of bytes, and of hardly any noise. */
const leastPart = 0.1;

/** Mean square of the difference of two frames of bytes, in values from −1 to 1. */
function squaredWay(data: Uint8Array, size: number, from: number, to: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) {
    const difference = ((data[from * size + i] as number) - (data[to * size + i] as number)) / 127.5;
    sum += difference ** 2;
  }
  return sum / size;
}

/**
 * States between two others whose x̂0 is far from both, though these are near each other.
 * @param deviation root mean square of the data's deviations per value
 */
export function findDetours({ predicted }: Pick<Trajectory, 'predicted'>, deviation: number): Detour[] {
  const { shape, data } = predicted;
  const [states = 0] = shape;
  const size = data.length / states;
  const found: Detour[] = [];
  for (let frame = 1; frame < states - 1; frame++) {
    const arriving = squaredWay(data, size, frame - 1, frame);
    const leaving = squaredWay(data, size, frame, frame + 1);
    const past = squaredWay(data, size, frame - 1, frame + 1);
    const ratio = (arriving + leaving) / Math.max(past, Number.MIN_VALUE);
    const isFar = Math.min(arriving, leaving) > (leastPart * deviation) ** 2;
    if (isFar && ratio > largestRatio) found.push({ place: states - 1 - frame, ratio, distance: Math.sqrt(leaving) });
  }
  return found.reverse();
}
