import { z } from 'zod';
import { DdrError, type ErrorCode } from './errors.ts';
import { describeIssues } from './run.ts';

/** Environment variables that say how a process behaves; those of the operator, the trainer and `ddr` are made of these. */
export const logLevel = z.enum(['debug', 'info', 'warn', 'error']);

/** A whole number in decimal digits: `0x10`, `1e3` and ` 5` are mistakes rather than numbers. */
export const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${least} to ${most}`)
    .transform(Number)
    .pipe(z.number().min(least).max(most));

export const port = wholeNumber(0, 65_535);

export const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

/**
 * Reads the variables that a schema names; all others are passed over, and one that is empty counts as not set, as a shell
 * and a chart leave it.
 * @throws DdrError with the given code, naming every wrong variable in one line
 */
export function parseVariables<T extends z.ZodObject>(
  schema: T,
  variables: NodeJS.ProcessEnv,
  code: ErrorCode,
  where: string,
): z.output<T> {
  const given = Object.entries(variables).filter(([, value]) => value !== undefined && value !== '');
  const parsed = schema.safeParse(Object.fromEntries(given));
  if (parsed.success) return parsed.data;
  throw new DdrError(code, describeIssues(parsed.error).join('; '), { where });
}
