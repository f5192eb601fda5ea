/** Noise schedules: how much of the image is left at each of T timesteps. All in float64. */
export const families = ['Linear', 'Cosine', 'ScaledLinear'] as const;
export type Family = (typeof families)[number];

/** β of every timestep. */
function betas(family: Family, timesteps: number): Float64Array {
  const between = (i: number, from: number, to: number) =>
    timesteps === 1 ? from : from + ((to - from) * i) / (timesteps - 1);
  return Float64Array.from({ length: timesteps }, (_, i) => {
    switch (family) {
      case 'Linear':
        return between(i, 1e-4, 0.02);
      case 'ScaledLinear':
        return between(i, Math.sqrt(0.00085), Math.sqrt(0.012)) ** 2;
      case 'Cosine': {
        const level = (t: number) => Math.cos((((t / timesteps + 0.008) / 1.008) * Math.PI) / 2) ** 2;
        return Math.min(1 - level(i + 1) / level(i), 0.999);
      }
    }
  });
}

/**
 * ᾱ_t = Π (1 − β_s) for s ≤ t, of length T, strictly falling within (0, 1).
 * Linear: Ho et al. 2020; Cosine: Nichol & Dhariwal 2021 (s = 0.008, β ≤ 0.999); ScaledLinear: latent diffusion.
 */
export function alphaBars(family: Family, timesteps: number): Float64Array {
  let product = 1;
  return betas(family, timesteps).map((beta) => (product *= 1 - beta));
}

/** Signal-to-noise ratio in nats: log ᾱ / (1 − ᾱ). */
export const logSnr = (alphaBar: number): number => Math.log(alphaBar) - Math.log1p(-alphaBar);
