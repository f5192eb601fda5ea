import { z } from 'zod';
import { signatureNames } from '../../api/signatures.ts';

/** A failure signature that was found in what a run has recorded. */
export const findingSchema = z.object({
  signature: z.enum(signatureNames),
  /** Ranges such as "4-6,9"; empty where it is about all states. */
  states: z.string(),
  /** What was seen, and what to do about it: sentences. */
  message: z.string(),
  remedy: z.string(),
  /** Fields of the spec that would do it; empty where none would. */
  yaml: z.string(),
  /** The numbers behind it, a row for each thing that stands out. */
  evidence: z.array(z.object({ what: z.string(), numbers: z.record(z.string(), z.number()) })),
});

export type Finding = z.output<typeof findingSchema>;
