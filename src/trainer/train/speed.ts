/** Smoothing of the speed that is shown, per step. */
const smoothing = 0.05;

/**
 * Images per second over the last steps.
 * @param seconds monotonic
 * @returns what is called with the images of each step and the time at which the step began
 */
export function createSpeedometer(seconds: () => number): (images: number, began: number) => number {
  let smoothed: number | undefined;
  return (images, began) => {
    const speed = images / (seconds() - began);
    smoothed = smoothed === undefined ? speed : smoothed + smoothing * (speed - smoothed);
    return smoothed;
  };
}
