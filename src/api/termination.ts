import { z } from 'zod';
import { type ErrorCode, errorCodes } from './errors.ts';

/** Kubernetes keeps this much of a termination message. */
export const terminationMessageBytes = 4096;

const errorCodeNames = Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]];

const result = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('train'), digest: z.string(), images: z.int(), loss: z.number().nullable() }),
  z.object({ kind: z.literal('aggregate'), path: z.string(), digest: z.string(), models: z.int() }),
  z.object({ kind: z.literal('sample'), shard: z.int(), count: z.int() }),
  z.object({
    kind: z.literal('evaluate'),
    path: z.string(),
    digest: z.string(),
    sampleCount: z.int().min(0),
    metric: z.string().optional(),
    frechetDistance: z.number().optional(),
    extractor: z.string().optional(),
    extractorDigest: z.string().optional(),
    referenceCount: z.int().min(0).optional(),
  }),
]);

/** The last word of a trainer process, as JSON in its pod's termination message. */
export const terminationSchema = z.union([
  z.object({ outcome: z.literal('Succeeded'), result }),
  z.object({
    outcome: z.literal('Failed'),
    code: z.enum(errorCodeNames),
    message: z.string(),
    where: z.string().optional(),
    hint: z.string().optional(),
    /** The last lines of the log. */
    log: z.array(z.string()).default([]),
  }),
]);

export type TaskResult = z.output<typeof result>;
export type Termination = z.output<typeof terminationSchema>;

/** Parses a termination message; undefined where it is none of ours (a crash leaves the tail of the log instead). */
export function parseTermination(message: string | undefined): Termination | undefined {
  if (message === undefined || message === '') return undefined;
  try {
    return terminationSchema.safeParse(JSON.parse(message)).data;
  } catch {
    return undefined;
  }
}

const cut = (text: string, length: number) => (text.length <= length ? text : `${text.slice(0, length)}…`);

/** Renders a last word within {@link terminationMessageBytes}: log lines go first, then the texts are cut. */
export function renderTermination(termination: Termination): string {
  const fits = (text: string) => Buffer.byteLength(text) <= terminationMessageBytes;
  const text = JSON.stringify(termination);
  if (fits(text) || termination.outcome === 'Succeeded') return text;
  for (let skip = 1; skip <= termination.log.length; skip++) {
    const shorter = JSON.stringify({ ...termination, log: termination.log.slice(skip) });
    if (fits(shorter)) return shorter;
  }
  const { message, where, hint } = termination;
  for (let length = 600; ; length = Math.floor(length / 2)) {
    const texts = {
      message: cut(message, length),
      ...(where !== undefined && { where: cut(where, length) }),
      ...(hint !== undefined && { hint: cut(hint, length) }),
    };
    const shorter = JSON.stringify({ ...termination, ...texts, log: [] });
    if (fits(shorter) || length === 0) return shorter;
  }
}
