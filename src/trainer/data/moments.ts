import type { LatentNormal } from './latents.ts';

/** Mean and standard deviation per pixel, [H, W, C], as a network sees it. */
export interface Moments {
  mean: Float32Array;
  deviation: Float32Array;
}

/** Sums over images that come one after the other. */
export interface MomentSums {
  count: number;
  sum: Float64Array;
  squares: Float64Array;
  /** The largest byte of all. */
  brightest: number;
}

/** @param size values of an image */
export const emptyMoments = (size: number): MomentSums => ({
  count: 0,
  sum: new Float64Array(size),
  squares: new Float64Array(size),
  brightest: 0,
});

/** Adds one image, a byte a value, in place. */
export function addImage(sums: MomentSums, pixels: Uint8Array): void {
  const { sum, squares } = sums;
  for (let i = 0; i < pixels.length; i++) {
    const byte = pixels[i] as number;
    if (byte > sums.brightest) sums.brightest = byte;
    const value = byte / 127.5 - 1;
    sum[i] = (sum[i] as number) + value;
    squares[i] = (squares[i] as number) + value ** 2;
  }
  sums.count++;
}

/** Adds one latent as networks see it, in place: what is drawn from a normal has its mean and its deviation. */
export function addLatent(sums: MomentSums, { mean, deviation }: LatentNormal): void {
  const { sum, squares } = sums;
  for (let i = 0; i < mean.length; i++) {
    const value = mean[i] as number;
    sum[i] = (sum[i] as number) + value;
    squares[i] = (squares[i] as number) + value ** 2 + (deviation?.[i] ?? 0) ** 2;
  }
  sums.count++;
}

/** Moments of the images that were added; of one at least. */
export function momentsOf({ count, sum, squares }: MomentSums): Moments {
  const mean = sum.map((total) => total / count);
  const deviation = squares.map((total, i) => Math.sqrt(Math.max(0, total / count - (mean[i] as number) ** 2)));
  return { mean: Float32Array.from(mean), deviation: Float32Array.from(deviation) };
}
