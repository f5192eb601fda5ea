import { hostname } from 'node:os';
import { z } from 'zod';
import { DdrError } from '../api/errors.ts';
import { objectName } from '../api/rules.ts';
import { describeIssues } from '../api/run.ts';

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

const objectNames = z
  .string()
  .transform((text) => text.split(',').flatMap((name) => name.trim() || []))
  .pipe(z.array(objectName));

const schema = z.object({
  /** Image of trainer pods, unless a run names one. */
  DDR_TRAINER_IMAGE: z.string().min(1),
  /** Pull secrets of trainer pods, separated by commas. */
  DDR_IMAGE_PULL_SECRETS: objectNames.default([]),
  /** Only this namespace; all where empty. */
  DDR_WATCH_NAMESPACE: z.string().default(''),
  DDR_WORKERS: z.coerce.number().int().min(1).max(256).default(8),
  /** Port of /healthz, /readyz and /metrics. */
  DDR_HTTP_PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  DDR_LEADER_ELECTION: flag.default(true),
  /** Where the lease is; the namespace of this pod. */
  DDR_LEASE_NAMESPACE: z.string().default('default'),
  DDR_LEASE_NAME: z.string().default('disentangled-diffusion-operator'),
  /** Different for every process. */
  DDR_IDENTITY: z.string().min(1).default(`${hostname()}-${process.pid}`),
  DDR_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

export type OperatorConfig = z.output<typeof schema>;

/** @throws DdrError InvalidSpec naming each wrong variable */
export function parseConfig(variables: NodeJS.ProcessEnv): OperatorConfig {
  const parsed = schema.safeParse(variables);
  if (parsed.success) return parsed.data;
  throw new DdrError('InvalidSpec', describeIssues(parsed.error).join('; '), { where: 'environment of the operator' });
}
