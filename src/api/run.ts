import { z } from 'zod';
import { DdrError } from './errors.ts';
import { apiVersion, kind, runNameLength, runNamePattern } from './names.ts';
import { withoutNulls } from './nulls.ts';
import { specSchema } from './spec/spec.ts';
import { statusSchema } from './status.ts';

/**
 * The name of a run begins the names of its children, which are Jobs: with a suffix of at most 20 characters they have
 * to stay within the 63 of a label; and the hosts of sampling pods are called after them, which may have no dot.
 */
const runName = z
  .string()
  .min(1)
  .max(runNameLength, 'must be at most 40 characters, because the names of Jobs and pods are made from it')
  .regex(
    new RegExp(runNamePattern),
    'must be lower case letters, digits and -, because the names of Jobs and pods are made from it',
  );

/** A label of RFC 1123. Locally it is the name of a folder, and no API server has looked at it before. */
const namespaceName = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
    'must be the name of a namespace: at most 63 lower case letters, digits and -',
  );

const metadataSchema = z.looseObject({
  name: runName,
  generateName: z.string().optional(),
  namespace: namespaceName.default('default'),
  uid: z.string().optional(),
  generation: z.int().optional(),
  resourceVersion: z.string().optional(),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

export const runSchema = z.preprocess(
  withoutNulls,
  z.strictObject({
    apiVersion: z.literal(apiVersion),
    kind: z.literal(kind),
    metadata: metadataSchema,
    spec: specSchema,
    status: statusSchema.optional(),
  }),
);

export type Run = z.output<typeof runSchema>;

/** zod says of a field that is not there that it is of the wrong type; and YAML takes words for what they are not. */
function textOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_type') return issue.message;
  if (issue.message.endsWith('received undefined')) return `is required (${issue.expected})`;
  const isWord = issue.expected === 'string' && /received (number|boolean)$/.test(issue.message);
  return isWord
    ? `${issue.message}; text that YAML takes for something else, such as on or 010, is written in quotes`
    : issue.message;
}

/** One line per issue: the path in the YAML, then what is wrong with it. */
export function describeIssues(error: z.ZodError): string[] {
  return error.issues.map((issue) => {
    const path = issue.path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
    return `${path.replace(/^\./, '') || '(root)'}: ${textOf(issue)}`;
  });
}

/**
 * Parses a run and fills in defaults.
 * @param where file or object that the value came from, for the message
 * @throws DdrError InvalidSpec naming every wrong field
 */
export function parseRun(value: unknown, where?: string): Run {
  const parsed = runSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new DdrError('InvalidSpec', describeIssues(parsed.error).join('; '), { where });
}
