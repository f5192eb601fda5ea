import { z } from 'zod';
import { type ErrorCode, errorCodes } from './errors.ts';
import { signatureNames } from './signatures.ts';

/** Kubernetes keeps this much of a termination message. */
export const terminationMessageBytes = 4096;

const errorCodeNames = Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]];

/** Texts and their number in a result: the whole message has to fit {@link terminationMessageBytes}. */
const notice = z.string().max(300);
const notices = z.array(notice).max(5).default([]);

/** One number that judges the samples. */
const metricValue = z.object({
  /** FID, or Fréchet distance where the extractor is another network. */
  name: z.string(),
  value: z.number(),
});

/** A failure signature, and what to do about it. */
const finding = z.object({ signature: z.enum(signatureNames), message: notice });

const result = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('prepare'),
    /** Where the prepared images are, and the first digits of their digest. */
    dataset: z.string(),
    /** sha256 of shape and pixels. */
    sha256: z.string(),
    count: z.int().min(1),
    /** Files that are no images, and images that could not be decoded. */
    leftOut: z.int().min(0),
    broken: z.int().min(0),
    notices,
    /** sha256 of what the evaluation will read. */
    reference: z.string().optional(),
    weights: z.string().optional(),
    /** sha256 of the contexts that samples are to be drawn to. */
    prompts: z.string().optional(),
    /** sha256 of the codec's files, where it has some. */
    codec: z.string().optional(),
    /** sha256 of the weights that models begin from. */
    warmStart: z.string().optional(),
    /** The digest that the same source had when it was prepared before, where it was another. */
    previous: z.string().optional(),
  }),
  z.object({ kind: z.literal('train'), digest: z.string(), images: z.int(), loss: z.number().nullable() }),
  z.object({ kind: z.literal('collect'), models: z.int() }),
  z.object({ kind: z.literal('aggregate'), path: z.string(), digest: z.string(), models: z.int() }),
  z.object({ kind: z.literal('sample'), shard: z.int(), count: z.int() }),
  z.object({
    kind: z.literal('evaluate'),
    path: z.string(),
    digest: z.string(),
    sampleCount: z.int().min(0),
    /** "30 of 32 states", where not all had a model. */
    coverage: z.string().optional(),
    /** In the order of the spec. */
    metrics: z.array(metricValue).default([]),
    extractor: z.string().optional(),
    extractorDigest: z.string().optional(),
    referenceCount: z.int().min(0).optional(),
    /** One of each signature at most; left out by a trainer that does not look for them. */
    findings: z.array(finding).max(signatureNames.length).optional(),
    /** What to know before comparing the numbers with others. */
    caveats: notices,
  }),
]);

/** The termination message of a trainer process, as JSON. */
const terminationSchema = z.union([
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

/** The first characters of a text that take at most so many bytes as JSON, and an ellipsis where some were cut off. */
export function shorten(text: string, bytes: number): string {
  const sizeOf = (part: string) => Buffer.byteLength(JSON.stringify(part)) - 2;
  if (sizeOf(text) <= bytes) return text;
  let kept = '';
  let size = sizeOf('…');
  for (const character of text) {
    size += sizeOf(character);
    if (size > bytes) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Bytes that each part of an overlong message may keep; together with the rest of the JSON below the limit. */
const longest = { message: 1800, where: 1200, hint: 600 };

/**
 * Renders a termination message within {@link terminationMessageBytes}: log lines go first, the oldest before the others, then the
 * texts are cut. Kubernetes would cut the JSON itself, and nobody could read it.
 */
export function renderTermination(termination: Termination): string {
  const fits = (text: string) => Buffer.byteLength(text) <= terminationMessageBytes;
  const text = JSON.stringify(termination);
  if (fits(text) || termination.outcome === 'Succeeded') return text;
  for (let skip = 1; skip <= termination.log.length; skip++) {
    const shorter = JSON.stringify({ ...termination, log: termination.log.slice(skip) });
    if (fits(shorter)) return shorter;
  }
  const { message, where, hint } = termination;
  return JSON.stringify({
    ...termination,
    message: shorten(message, longest.message),
    where: where && shorten(where, longest.where),
    hint: hint && shorten(hint, longest.hint),
    log: [],
  });
}
