import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { destination, pino } from 'pino';
import { apiVersion, kind } from '../api/names.ts';
import type { Run } from '../api/run.ts';
import { type LocalCluster, startLocalCluster } from '../local/localCluster.ts';
import { systemClock } from '../operator/kube/clock.ts';
import { createRunController, type RunController } from '../operator/runController.ts';
import { types } from '../operator/types.ts';
import { recordData, requireSameData } from './dataFolders.ts';
import { takeLock } from './lock.ts';
import { requireRunnable } from './preflight.ts';
import type { Printer } from './printers.ts';
import { type View, viewOf } from './view.ts';

export interface RunOptions {
  run: Run;
  home: string;
  volumes: ReadonlyMap<string, string>;
  /** Processes at once; what the machine's cores allow where left out. */
  processes?: number | undefined;
  printer: Printer;
}

/** Milliseconds between two looks. */
const refresh = 250;
/** Seconds that processes may take to save after Ctrl-C: more than a pod's grace period. */
const saveSeconds = 90;

const image = 'local/trainer';

/** The trainer beside this file: source as it is, or compiled. */
const trainer = [process.execPath, join(import.meta.dirname, `../trainer/main${extname(import.meta.filename)}`)];

/** Exit code of a shell's program that Ctrl-C ended. */
export const interruptedCode = 130;

/**
 * Runs a resource on this machine, with the operator's controller over a cluster in this process.
 * @returns exit code: 0 complete, 1 failed or cancelled, 130 suspended by Ctrl-C
 * @throws DdrError InputMissing, InputMismatch, InvalidSpec before anything is started
 */
export async function runLocally({ run, home: folder, volumes, processes, printer }: RunOptions): Promise<number> {
  const home = resolve(folder);
  requireRunnable(run, volumes, home, image);
  requireSameData(run, volumes, home);
  mkdirSync(join(home, 'logs'), { recursive: true });
  const release = takeLock(join(home, `${run.metadata.name}.lock`));
  const logger = pino(
    { base: null, level: process.env.DDR_LOG_LEVEL ?? 'info' },
    destination({ dest: join(home, 'logs', `${run.metadata.name}.log`), sync: true }),
  );
  const local = startLocalCluster({
    clock: systemClock,
    random: Math.random,
    logger,
    home,
    volumes,
    commandOf: () => trainer,
    capacity: processes ?? Math.max(1, Math.floor(availableParallelism() / run.spec.training.threads)),
  });
  const controller = createRunController({
    cluster: local.cluster,
    clock: systemClock,
    random: Math.random,
    logger,
    settings: { trainerImage: image },
    metrics: { reconciled: () => {}, active: () => {} },
    workers: 1,
    instance: 'ddr',
    pollIntervalMs: 1000,
  });
  try {
    createRun(run, local);
    controller.watch();
    await controller.synced;
    controller.start();
    return await follow(run, local, controller, printer, () => recordData(run, volumes, home));
  } finally {
    await controller.stop();
    await local.stop();
    release();
  }
}

function createRun({ metadata: { name, namespace, labels, annotations }, spec }: Run, { objects }: LocalCluster): void {
  // This cluster ends with the run; there is no time after it in which the run could outlive its ttl.
  const { ttlSecondsAfterFinished: _, ...rest } = spec;
  objects.create(types.run, { apiVersion, kind, metadata: { name, namespace, labels, annotations }, spec: rest });
}

/** What Ctrl-C and SIGTERM ask for: first to save and stop, the second time to stop at once. */
interface Interruption {
  asked: boolean;
  atOnce: boolean;
  ignore(): void;
}

function listenForInterruption(onFirst: () => void): Interruption {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const interruption: Interruption = {
    asked: false,
    atOnce: false,
    ignore() {
      for (const signal of signals) process.off(signal, interrupt);
    },
  };
  const interrupt = () => {
    interruption.atOnce = interruption.asked;
    if (interruption.asked) return;
    interruption.asked = true;
    onFirst();
  };
  for (const signal of signals) process.on(signal, interrupt);
  return interruption;
}

/** Suspends the run as a user of a cluster would, by its spec. */
function suspend(key: string, { objects }: LocalCluster): void {
  const object = objects.get(types.run, key);
  if (object !== undefined)
    objects.replace(types.run, { ...object, spec: { ...(object.spec as object), suspend: true } });
}

const isOver = ({ phase }: View) => phase === 'Complete' || phase === 'Failed' || phase === 'Cancelled';

/**
 * Watches the run until it ends, showing how it goes.
 * @param onLearning called once, when a model has learned from the data: from then on it is theirs
 * @returns exit code
 */
async function follow(
  run: Run,
  local: LocalCluster,
  controller: RunController,
  printer: Printer,
  onLearning: () => void,
): Promise<number> {
  const key = `${run.metadata.namespace}/${run.metadata.name}`;
  const started = performance.now();
  const interruption = listenForInterruption(() => {
    suspend(key, local);
    printer.note('Stopping; the models in training save their state. Ctrl-C again stops at once.');
  });
  /** When all was decided, though processes may still have to end. */
  let settledAt: number | undefined;
  let learning = false;
  try {
    for (;;) {
      const view = viewOf(run, local, controller.progress, (performance.now() - started) / 1000);
      printer.show(view);
      if (!learning && view.progress.images > 0) {
        learning = true;
        onLearning();
      }
      const { asked, atOnce } = interruption;
      settledAt ??= asked || isOver(view) || view.phase === 'Suspended' ? performance.now() : undefined;
      const waited = settledAt === undefined ? 0 : performance.now() - settledAt;
      const quiet = local.processes() === 0;
      const giveUp = atOnce || waited > saveSeconds * 1000;
      if (isOver(view) && (quiet || giveUp)) {
        printer.end(run, view, local);
        return view.phase === 'Complete' ? 0 : 1;
      }
      if (view.phase === 'Suspended' && quiet) {
        printer.note(
          asked ? 'Suspended. The same command goes on from here.' : 'The run is suspended: spec.suspend is true.',
        );
        return asked ? interruptedCode : 0;
      }
      if (giveUp) {
        printer.note('Stopped. The same command goes on from the last checkpoints.');
        return interruptedCode;
      }
      await wait(refresh);
    }
  } finally {
    interruption.ignore();
  }
}
