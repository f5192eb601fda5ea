import { z } from 'zod';
import { logLevel, parseVariables, wholeNumber } from '../api/environment.ts';

const schema = z.object({
  /** Of the controller's log below the home, and of trainer processes. */
  DDR_LOG_LEVEL: logLevel.default('info'),
  /**
   * Process whose end asks `ddr run` to save and stop: a wrapper that does not pass every signal on. npm passes SIGINT and
   * SIGTERM, and is gone on SIGHUP.
   */
  DDR_PARENT: wholeNumber(1, 2 ** 31 - 1).optional(),
  /** Anything: no colours (no-color.org). */
  NO_COLOR: z.string().optional(),
  TERM: z.string().optional(),
});

export type DdrEnvironment = z.output<typeof schema>;

/** @throws DdrError InvalidSpec naming each wrong variable */
export const parseEnvironment = (variables: NodeJS.ProcessEnv): DdrEnvironment =>
  parseVariables(schema, variables, 'InvalidSpec', 'environment');
