import { z } from 'zod';

/**
 * A rule that spans several fields, once as CEL for the API server and once as code for everything else.
 * Both say the same; test/apiserver checks that they do.
 */
export interface Rule<T> {
  /** CEL over `self` (and `oldSelf` in a transition rule). */
  readonly cel: string;
  /** Names the field and says what would be right. */
  readonly message: string;
  /** The field the message is about, relative to the object; an array index cannot be expressed in CEL's `fieldPath`. */
  readonly path?: readonly string[];
  /** True where the value is right. A transition rule has none: it needs the old object. */
  readonly check?: (value: T) => boolean;
}

/** Attaches rules to an object schema: as refinements, and as `x-kubernetes-validations` for the generated CRD. */
export function withRules<S extends z.ZodType>(schema: S, rules: readonly Rule<z.output<S>>[]): S {
  const refined = schema.superRefine((value, context) => {
    for (const rule of rules) {
      if (rule.check !== undefined && !rule.check(value)) {
        context.addIssue({ code: 'custom', message: rule.message, path: [...(rule.path ?? [])] });
      }
    }
  });
  return refined.meta({
    ...schema.meta(),
    'x-kubernetes-validations': rules.map(({ cel, message, path }) => ({
      rule: cel,
      message,
      ...(path === undefined ? {} : { fieldPath: `.${path.join('.')}` }),
    })),
  }) as S;
}

/** A whole number in [minimum, maximum]. */
export const integer = (minimum: number, maximum = 2_147_483_647) => z.int().min(minimum).max(maximum);

/** A list in which nothing comes twice. */
export const asSet = <T extends z.ZodType>(list: z.ZodArray<T>) =>
  list
    .refine((values) => new Set(values).size === values.length, 'must not list a value twice')
    .meta({ 'x-kubernetes-list-type': 'set' });

/** Name of a Kubernetes object (RFC 1123 subdomain). */
export const objectName = z
  .string()
  .min(1)
  .max(253)
  .regex(
    /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
    'must be the name of a Kubernetes object: lower case letters, digits, - and .',
  );

/** A path inside something. It cannot leave it. CEL, because Kubernetes' patterns (RE2) have no look-ahead. */
export const relativePathIn = (what: string) =>
  withRules(z.string().max(1024), [
    {
      cel: "!self.startsWith('/') && !self.split('/').exists(part, part == '..')",
      message: `must be a relative path inside ${what}, without a leading / and without ..`,
      check: (path) => !path.startsWith('/') && !path.split('/').includes('..') && !path.includes('\0'),
    },
  ]);

/** A path inside a volume. */
export const relativePath = relativePathIn('the volume');

/** A key of a label or annotation: a name of at most 63 characters, with a domain before it or without. For CEL as text. */
export const labelKeyPattern = '^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$';
export const labelKey = new RegExp(labelKeyPattern);
/** What a label may say, in 63 characters at most. */
export const labelValue = /^([A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?)?$/;
