import { ddim } from './ddim.ts';
import type { Sampler } from './sampler.ts';

/** The samplers by the name that a spec has for them. */
export const samplers = { DDIM: ddim } as const satisfies Record<string, Sampler>;
