import { pino } from 'pino';
import { toDdrError } from '../api/errors.ts';
import { parseConfig } from './config.ts';
import { startHttpServer } from './httpServer.ts';
import { ApiClient } from './kube/apiClient.ts';
import { systemClock } from './kube/clock.ts';
import { LeaderElection } from './kube/leaderElection.ts';
import { createMetrics } from './metrics.ts';
import { requireCrd } from './requireCrd.ts';
import { createRunController } from './runController.ts';

async function main(): Promise<void> {
  const config = parseConfig(process.env);
  const logger = pino({ level: config.DDR_LOG_LEVEL, base: { instance: config.DDR_IDENTITY } });
  const clock = systemClock;
  const { registry, controllerMetrics, answered, leads, watch } = createMetrics();
  // The lease has connections of its own: it waits behind no other request, and is taken before anything may be written.
  const election = new LeaderElection({
    client: ApiClient.fromEnvironment(clock, config),
    namespace: config.DDR_LEASE_NAMESPACE,
    name: config.DDR_LEASE_NAME,
    identity: config.DDR_IDENTITY,
    clock,
    logger,
  });
  const mayWrite = () => !config.DDR_LEADER_ELECTION || election.holds();
  const client = ApiClient.fromEnvironment(clock, config, { answered, mayWrite });
  const namespace = config.DDR_WATCH_NAMESPACE;
  const controller = createRunController({
    client,
    clock,
    random: Math.random,
    logger,
    settings: { trainerImage: config.DDR_TRAINER_IMAGE, imagePullSecrets: config.DDR_IMAGE_PULL_SECRETS },
    metrics: controllerMetrics,
    namespace,
    workers: config.DDR_WORKERS,
    progressPodsPerSecond: config.DDR_PROGRESS_PODS_PER_SECOND,
    relistSeconds: config.DDR_RELIST_SECONDS,
    instance: config.DDR_IDENTITY,
  });
  watch(controller);

  let stopping = false;
  let leading = false;
  const closeHttp = startHttpServer({
    port: config.DDR_HTTP_PORT,
    registry,
    healthy: () => !stopping,
    ready: () => !stopping && controller.hasSynced(),
  });
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    logger.info('stopping');
    // First no more work, then the lease: nobody else may act while this process still does.
    if (leading) await controller.stop();
    if (config.DDR_LEADER_ELECTION) await election.release();
    closeHttp();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop());

  await requireCrd(client, clock, namespace);
  controller.watch();
  await controller.synced;
  logger.info('watching');
  if (config.DDR_LEADER_ELECTION) {
    const lost = () => process.exit(1); // another may act already: end at once, without another write
    if (!(await election.lead(lost))) return;
  }
  if (stopping) return;
  leading = true;
  leads(true);
  controller.start();
}

main().catch((error: unknown) => {
  process.stderr.write(`${JSON.stringify({ level: 60, msg: toDdrError(error).describe() })}\n`);
  process.exit(1);
});
