import { hostname } from 'node:os';
import { z } from 'zod';
import { flag, logLevel, parseVariables, port, wholeNumber } from '../api/environment.ts';
import { objectName } from '../api/rules.ts';
import { proxyVariables } from './kube/proxy.ts';

const objectNames = z
  .string()
  .transform((text) => text.split(',').flatMap((name) => name.trim() || []))
  .pipe(z.array(objectName));

const schema = z.object({
  /** Image of trainer pods, unless a run names one. */
  DDR_TRAINER_IMAGE: z.string(),
  /** Pull secrets of trainer pods, separated by commas. */
  DDR_IMAGE_PULL_SECRETS: objectNames.default([]),
  /** Only this namespace; all where empty. */
  DDR_WATCH_NAMESPACE: objectName.max(63).optional(),
  DDR_WORKERS: wholeNumber(1, 256).default(8),
  /** Running pods that are asked for their progress a second, of all runs together. */
  DDR_PROGRESS_PODS_PER_SECOND: wholeNumber(1, 10_000).default(20),
  /** Seconds after which everything is listed again and compared with what the watches have told. */
  DDR_RELIST_SECONDS: wholeNumber(5, 86_400).default(1800),
  /** Port of /healthz, /readyz and /metrics. */
  DDR_HTTP_PORT: port.default(8080),
  DDR_LEADER_ELECTION: flag.default(true),
  /** Where the lease is; the namespace of this pod. */
  DDR_LEASE_NAMESPACE: objectName.max(63).default('default'),
  DDR_LEASE_NAME: objectName.default('disentangled-diffusion-operator'),
  /** Different for every process. */
  DDR_IDENTITY: z.string().default(`${hostname()}-${process.pid}`),
  DDR_LOG_LEVEL: logLevel.default('info'),
  ...proxyVariables,
});

export type OperatorConfig = z.output<typeof schema>;

/** @throws DdrError InvalidSpec naming each wrong variable */
export const parseConfig = (variables: NodeJS.ProcessEnv): OperatorConfig =>
  parseVariables(schema, variables, 'InvalidSpec', 'environment of the operator');
