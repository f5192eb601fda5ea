import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { destination, pino } from 'pino';
import { apiVersion, kind } from '../api/names.ts';
import type { Run } from '../api/run.ts';
import { type LocalCluster, startLocalCluster } from '../local/localCluster.ts';
import { systemClock } from '../operator/kube/clock.ts';
import type { Logger } from '../operator/kube/logger.ts';
import { createRunController, type RunController } from '../operator/runController.ts';
import { types } from '../operator/types.ts';
import { noteOfChangedData, noteOfFormerVersion } from './dataNotes.ts';
import type { DdrEnvironment } from './environment.ts';
import { follow } from './follow.ts';
import { Interruption } from './interruption.ts';
import { takeLock } from './lock.ts';
import { requireRunnable, secretVariable } from './preflight.ts';
import type { Printer } from './printers.ts';
import { volumeFolder } from './summary.ts';
import { viewOf } from './view.ts';

export interface RunOptions {
  run: Run;
  home: string;
  volumes: ReadonlyMap<string, string>;
  /** Processes at once; what the machine's cores allow where left out. */
  processes?: number | undefined;
  printer: Printer;
  environment: DdrEnvironment;
}

const image = 'local/trainer';
/** What the operator of this machine is started with. */
const settings = { trainerImage: image };

/** The trainer beside this file: source as it is, or compiled. */
const trainer = [process.execPath, join(import.meta.dirname, `../trainer/main${extname(import.meta.filename)}`)];

/**
 * Runs a resource on this machine, with the operator's controller over a cluster in this process.
 * @returns exit code: 0 complete, 1 failed or cancelled, 130 suspended by Ctrl-C
 * @throws DdrError InputMissing, InvalidSpec before anything is started
 */
export async function runLocally({
  run,
  home: folder,
  volumes,
  processes,
  printer,
  environment,
}: RunOptions): Promise<number> {
  const home = resolve(folder);
  requireRunnable(run, volumes, home, image, process.env);
  mkdirSync(join(home, 'logs'), { recursive: true });
  const release = takeLock(join(home, `${run.metadata.name}.lock`));
  const logger = pino(
    { base: null, level: environment.DDR_LOG_LEVEL },
    destination({ dest: join(home, 'logs', `${run.metadata.name}.log`), sync: true }),
  );
  const local = startLocalCluster({
    clock: systemClock,
    random: Math.random,
    logger,
    home,
    volumes,
    secretOf: (variable) => secretVariable(process.env, variable),
    commandOf: () => trainer,
    capacity: processes ?? Math.max(1, Math.floor(availableParallelism() / run.spec.training.threads)),
  });
  const controller = startController(local, logger);
  const interruption = new Interruption({
    source: process,
    now: () => performance.now(),
    onFirst() {
      suspend(run, local);
      printer.note('Stopping; the models in training save their state. Ctrl-C again stops at once.');
    },
    isOrphan: () => environment.DDR_PARENT !== undefined && environment.DDR_PARENT !== process.ppid,
  });
  try {
    const former = noteOfFormerVersion(run, volumeFolder(run, local));
    if (former !== undefined) printer.note(former);
    createRun(run, local);
    controller.watch();
    await controller.synced;
    controller.start();
    return await untilOver(run, local, controller, interruption, printer);
  } finally {
    interruption.end();
    await controller.stop();
    await local.stop();
    release();
  }
}

function startController({ client }: LocalCluster, logger: Logger): RunController {
  return createRunController({
    client,
    clock: systemClock,
    random: Math.random,
    logger,
    settings,
    metrics: { reconciled: () => {}, active: () => {}, waited: () => {}, missed: () => {} },
    workers: 1,
    instance: 'ddr',
    pollIntervalMs: 1000,
  });
}

function createRun({ metadata: { name, namespace, labels, annotations }, spec }: Run, { objects }: LocalCluster): void {
  // This cluster ends with the run; there is no time after it in which the run could outlive its ttl.
  const { ttlSecondsAfterFinished: _, ...rest } = spec;
  objects.create(types.run, { apiVersion, kind, metadata: { name, namespace, labels, annotations }, spec: rest });
}

const keyOfRun = ({ metadata: { name, namespace } }: Run): string => `${namespace}/${name}`;

/** Suspends the run as a user of a cluster would, by its spec. */
function suspend(run: Run, { objects }: LocalCluster): void {
  const object = objects.get(types.run, keyOfRun(run));
  if (object !== undefined)
    objects.replace(types.run, { ...object, spec: { ...(object.spec as object), suspend: true } });
}

/** Shows how the run goes until it is over. @returns exit code */
async function untilOver(
  run: Run,
  local: LocalCluster,
  controller: RunController,
  interruption: Interruption,
  printer: Printer,
): Promise<number> {
  const started = performance.now();
  let prepared = false;
  const { view, outcome } = await follow({
    look: () => {
      const seconds = (performance.now() - started) / 1000;
      return viewOf(run, local, { answers: controller.progress, settings, now: new Date(), seconds });
    },
    onView(view) {
      const { dataset } = view.status ?? {};
      if (dataset !== undefined && !prepared) {
        prepared = true;
        const changed = noteOfChangedData(run, dataset, volumeFolder(run, local));
        if (changed !== undefined) printer.note(changed);
      }
      printer.show(view);
    },
    interruption,
    processes: () => local.processes(),
  });
  if (outcome.note === undefined) printer.end(run, view, local);
  else printer.note(outcome.note);
  return outcome.code;
}
