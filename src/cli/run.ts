import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { destination, pino } from 'pino';
import { kind, labels } from '../api/names.ts';
import type { Run } from '../api/run.ts';
import { type RunStatus, statusSchema } from '../api/status.ts';
import { type LocalCluster, startLocalCluster } from '../local/localCluster.ts';
import { systemClock } from '../operator/kube/clock.ts';
import { observeJob, observePod } from '../operator/plan/observed.ts';
import { formatRanges } from '../operator/plan/ranges.ts';
import { stageOf } from '../operator/plan/stage.ts';
import { createRunController, type RunController } from '../operator/runController.ts';
import { types } from '../operator/types.ts';
import { renderTable, Terminal, type View } from './display.ts';
import { takeLock } from './lock.ts';
import { requireInputs } from './settings.ts';

export interface RunOptions {
  run: Run;
  home: string;
  volumes: ReadonlyMap<string, string>;
  /** Processes at once; what the machine's cores allow where left out. */
  processes?: number | undefined;
  output: 'table' | 'json';
}

/** Milliseconds between two looks, and between two progress lines in JSON. */
const refresh = 250;
const jsonEvery = 5000;
/** Seconds that processes may take to save after Ctrl-C. */
const saveSeconds = 90;

const image = 'local/trainer';

/** The trainer beside this file: source as it is, or compiled. */
const trainer = [process.execPath, join(import.meta.dirname, `../trainer/main${extname(import.meta.filename)}`)];

/** Exit code of a shell's program that Ctrl-C ended. */
export const interrupted = 130;

/**
 * Runs a resource on this machine, with the operator's controller over a cluster in this process.
 * @returns exit code: 0 complete, 1 failed or cancelled, 130 suspended by Ctrl-C
 */
export async function runLocally({ run, home: folder, volumes, processes, output }: RunOptions): Promise<number> {
  const home = resolve(folder);
  requireInputs(run, volumes, home);
  mkdirSync(join(home, 'logs'), { recursive: true });
  const release = takeLock(join(home, `${run.metadata.name}.lock`));
  const logger = pino(
    { base: null },
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
    local.objects.create(types.run, {
      ...run,
      kind,
      metadata: { ...run.metadata, uid: undefined },
      status: undefined,
    } as never);
    controller.watch();
    await controller.synced;
    controller.start();
    return await follow(run, local, controller, output);
  } finally {
    await controller.stop();
    await local.stop();
    release();
  }
}

/** Watches the run until it ends, showing how it goes. */
async function follow(
  run: Run,
  local: LocalCluster,
  controller: RunController,
  output: 'table' | 'json',
): Promise<number> {
  const key = `${run.metadata.namespace}/${run.metadata.name}`;
  const started = performance.now();
  const print = output === 'json' ? jsonPrinter() : tablePrinter();
  let interruptedAt: number | undefined;
  const interrupt = () => {
    if (interruptedAt !== undefined) process.exit(interrupted); // the second time: at once
    interruptedAt = performance.now();
    const object = local.objects.get(types.run, key);
    if (object !== undefined)
      local.objects.replace(types.run, { ...object, spec: { ...(object.spec as object), suspend: true } });
    print.note('Stopping; the models in training save their state.');
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
  try {
    for (;;) {
      const view = viewOf(run, local, controller, (performance.now() - started) / 1000);
      print.show(view);
      const working = local.objects
        .list(types.pod)
        .some(({ status }) => (status as { phase: string }).phase === 'Running');
      if (view.phase === 'Complete' || view.phase === 'Failed' || view.phase === 'Cancelled') {
        print.end(run, view, local);
        return view.phase === 'Complete' ? 0 : 1;
      }
      const tooLong = interruptedAt !== undefined && performance.now() - interruptedAt > saveSeconds * 1000;
      if ((view.phase === 'Suspended' && !working) || tooLong) {
        print.note(
          interruptedAt === undefined
            ? 'The run is suspended: spec.suspend is true.'
            : 'Suspended. The same command goes on from here.',
        );
        return interruptedAt === undefined ? 0 : interrupted;
      }
      await wait(refresh);
    }
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt);
  }
}

function viewOf(run: Run, { objects }: LocalCluster, controller: RunController, seconds: number): View {
  const object = objects.get(types.run, `${run.metadata.namespace}/${run.metadata.name}`);
  const status = statusSchema.safeParse(object?.status).data;
  const jobs = objects.list(types.job).map(observeJob);
  const pods = objects.list(types.pod).map(observePod);
  const { models } = stageOf(run, { jobs, pods, claims: [], progress: controller.progress });
  const running = pods.filter(({ phase, labels: own }) => phase === 'Running' && own[labels.component] === 'train');
  return {
    name: run.metadata.name,
    phase: status?.phase ?? 'Pending',
    status,
    models: models.map(({ phase }) => (phase === 'absent' ? 'pending' : phase)),
    active: running.map(({ name, labels: own }) => {
      const states = models[Number(own[labels.model])]?.states.map(({ state }) => state) ?? [];
      return { states: formatRanges(states), progress: controller.progress.get(name) };
    }),
    seconds,
  };
}

interface Printer {
  show(view: View): void;
  note(text: string): void;
  end(run: Run, view: View, local: LocalCluster): void;
}

/** Absolute folder of something on the run's volume. */
function onVolume(run: Run, { folderOf }: LocalCluster, path: string): string {
  return resolve(folderOf(run.spec.checkpoints.volume.shared.claimName ?? `${run.metadata.name}-checkpoints`), path);
}

function tablePrinter(): Printer {
  const terminal = new Terminal(
    (text) => process.stdout.write(text),
    () => process.stdout.columns ?? 100,
  );
  const colour = process.env.NO_COLOR === undefined;
  return {
    show: (view) => terminal.draw(renderTable(view, colour)),
    note(text) {
      terminal.leave();
      process.stdout.write(`${text}\n`);
    },
    end(run, { status }, local) {
      terminal.leave();
      process.stdout.write(`\n${summary(run, status, local).join('\n')}\n`);
    },
  };
}

/** What a person wants to know at the end. */
function summary(run: Run, status: RunStatus | undefined, local: LocalCluster): string[] {
  const { results, bundle, failures = [] } = status ?? {};
  const lines: string[] = [];
  if (results !== undefined) {
    const folder = onVolume(run, local, results.path);
    if (results.frechetDistance !== undefined) {
      lines.push(`${results.metric}: ${results.display} (${results.sampleCount} samples, ${results.extractor})`);
    }
    lines.push(`Report:  ${join(folder, 'report.html')}`, `Samples: ${join(folder, 'samples.png')}`);
  }
  if (bundle !== undefined) lines.push(`Bundle:  ${onVolume(run, local, bundle.path)}`);
  for (const { job, pod, states, reason, message, log = [] } of failures) {
    lines.push(`${states === undefined ? job : `Model of states ${states}`} failed: ${reason}: ${message}`);
    lines.push(...log.map((line) => `    ${line}`));
    if (pod !== undefined) lines.push(`    log: ${local.logOf(pod)}`);
  }
  const stalled = status?.conditions?.find(({ type, status }) => type === 'Failed' && status === 'True');
  if (failures.length === 0 && stalled !== undefined) lines.push(`${stalled.reason}: ${stalled.message}`);
  return lines;
}

function jsonPrinter(): Printer {
  const write = (event: object) =>
    process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
  let last = { text: '', at: 0 };
  return {
    show({ name, phase, status }) {
      const { models, progress } = status ?? {};
      const text = `${phase} ${models?.summary} ${models?.active} ${models?.failed}`;
      const now = performance.now();
      if (text === last.text && (phase !== 'Training' || now - last.at < jsonEvery)) return;
      last = { text, at: now };
      write({
        event: 'progress',
        run: name,
        phase,
        models: models?.summary,
        active: models?.active,
        failed: models?.failed,
        ...progress,
      });
    },
    note: (text) => write({ event: 'note', message: text }),
    end(run, { phase, status }, local) {
      const { results, bundle, failures } = status ?? {};
      const report = results === undefined ? {} : { report: join(onVolume(run, local, results.path), 'report.html') };
      write({ event: 'end', run: run.metadata.name, phase, ...report, results, bundle, failures });
    },
  };
}
