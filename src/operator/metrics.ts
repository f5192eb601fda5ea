import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { phases, statusSchema } from '../api/status.ts';
import type { ConnectionOptions } from './kube/apiConnection.ts';
import type { RunController, RunControllerMetrics } from './runController.ts';
import { types } from './types.ts';

const controller = 'disentangleddiffusionrun';

/** Metrics with controller-runtime's names, so that stock dashboards work, and counts of runs and models without their names. */
export function createMetrics(): {
  registry: Registry;
  controllerMetrics: RunControllerMetrics;
  answered: NonNullable<ConnectionOptions['answered']>;
  watch: (controller: RunController) => void;
} {
  const registry = new Registry();
  const registers = [registry];
  const labelNames = ['controller'];
  const total = new Counter({
    name: 'controller_runtime_reconcile_total',
    help: 'Reconciliations by result.',
    labelNames: ['controller', 'result'],
    registers,
  });
  const errors = new Counter({
    name: 'controller_runtime_reconcile_errors_total',
    help: 'Reconciliations that failed.',
    labelNames,
    registers,
  });
  const time = new Histogram({
    name: 'controller_runtime_reconcile_time_seconds',
    help: 'Seconds of one reconciliation.',
    labelNames,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const active = new Gauge({
    name: 'controller_runtime_active_workers',
    help: 'Reconciliations at this moment.',
    labelNames,
    registers,
  });
  const requests = new Counter({
    name: 'rest_client_requests_total',
    help: 'Answers of the API server by code and method.',
    labelNames: ['code', 'method'],
    registers,
  });

  return {
    registry,
    controllerMetrics: {
      ...watchMetrics(registry),
      reconciled(result, seconds) {
        total.inc({ controller, result });
        if (result === 'error') errors.inc({ controller });
        time.observe({ controller }, seconds);
      },
      active: (workers) => active.set({ controller }, workers),
    },
    answered: (method, status) => requests.inc({ method, code: status }),
    watch: (runController) => registerGauges(registry, runController),
  };
}

/** How soon what the watches tell is looked at, and what they did not tell. */
function watchMetrics(registry: Registry): Pick<RunControllerMetrics, 'waited' | 'missed'> {
  const registers = [registry];
  const waited = new Histogram({
    name: 'ddr_watch_to_reconcile_seconds',
    help: 'Seconds from the arrival of an event to the beginning of the reconciliation that looks at it.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const missed = new Counter({
    name: 'ddr_watch_missed_events_total',
    help: 'Changes that a list has shown though the watch had not told of them; each is made up for.',
    labelNames: ['resource'],
    registers,
  });
  for (const { plural } of Object.values(types)) missed.inc({ resource: plural }, 0);
  return {
    waited: (seconds) => waited.observe(seconds),
    missed: ({ plural }) => missed.inc({ resource: plural }),
  };
}

/** Depth of the queue, and runs and models by phase, counted when they are asked for. */
function registerGauges(registry: Registry, { runs, queueDepth }: RunController): void {
  const registers = [registry];
  new Gauge({
    name: 'workqueue_depth',
    help: 'Keys that wait.',
    labelNames: ['name'],
    registers,
    collect() {
      this.set({ name: controller }, queueDepth());
    },
  });
  new Gauge({
    name: 'ddr_runs',
    help: 'Runs by phase.',
    labelNames: ['phase'],
    registers,
    collect() {
      const counts = new Map<string, number>(phases.map((phase) => [phase, 0]));
      for (const { status } of runs.all()) {
        const phase = statusSchema.safeParse(status).data?.phase ?? 'Pending';
        counts.set(phase, (counts.get(phase) ?? 0) + 1);
      }
      for (const [phase, count] of counts) this.set({ phase }, count);
    },
  });
  new Gauge({
    name: 'ddr_models',
    help: 'Models by phase, of all runs.',
    labelNames: ['phase'],
    registers,
    collect() {
      const counts = { pending: 0, active: 0, done: 0, failed: 0 };
      for (const { status } of runs.all()) {
        const models = statusSchema.safeParse(status).data?.models;
        for (const phase of Object.keys(counts) as (keyof typeof counts)[]) counts[phase] += models?.[phase] ?? 0;
      }
      for (const [phase, count] of Object.entries(counts)) this.set({ phase }, count);
    },
  });
}
