import assert from 'node:assert/strict';
import { labels } from '../../src/api/names.ts';
import { parseRun, type Run } from '../../src/api/run.ts';
import { isTerminal } from '../../src/api/status.ts';
import { renderTermination, type TaskResult } from '../../src/api/termination.ts';
import type { KubeObject } from '../../src/operator/kube/client.ts';
import type { Observed, ObservedClaim, ObservedJob, ObservedPod } from '../../src/operator/plan/observed.ts';
import { type Plan, plan } from '../../src/operator/plan/plan.ts';
import type { Settings } from '../../src/operator/plan/pod.ts';
import { nothingRefused, type Refused } from '../../src/operator/plan/refused.ts';
import { withSpec } from './runs.ts';

export const settings: Settings = { trainerImage: 'trainer:test' };

/** A run as the API server would give it, with defaults. */
export function runOf(spec: Record<string, unknown> = {}): Run {
  const run = parseRun(withSpec(spec));
  return { ...run, metadata: { ...run.metadata, uid: 'run-uid', generation: 1 } };
}

interface SimulatedJob extends ObservedJob {
  component: string;
  digest: string;
}

/**
 * What Kubernetes does with a plan, as a pure simulation: Jobs appear, run and end as the test says. Time passes by steps
 * of a second.
 */
export class Simulation {
  run: Run;
  now = Date.parse('2026-01-01T00:00:00Z');
  readonly jobs = new Map<string, SimulatedJob>();
  readonly pods: ObservedPod[] = [];
  readonly created: string[] = [];
  claims: ObservedClaim[] = [];
  /** What prepare finds the data to be. */
  digest = 'd'.repeat(64);
  /** Digests of what else it reads. */
  found: Pick<Extract<TaskResult, { kind: 'prepare' }>, 'warmStart'> = {};
  /** Failure signatures that evaluate finds; undefined of a trainer that does not look for them. */
  findings: Extract<TaskResult, { kind: 'evaluate' }>['findings'];
  /** States that evaluate found to have a model, where not all have. */
  coverage: string | undefined;
  /** What the operator was started with, and what the API server has refused. */
  settings: Settings = settings;
  refused: Refused = nothingRefused;
  #uid = 0;

  constructor(run: Run) {
    this.run = run;
  }

  observed(): Observed {
    return { jobs: [...this.jobs.values()], pods: this.pods, claims: this.claims, progress: new Map() };
  }

  /** Plans once and carries it out. */
  step(): Plan {
    this.now += 1000;
    return this.carryOut(plan(this.run, this.observed(), new Date(this.now), this.settings, this.refused));
  }

  carryOut(planned: Plan): Plan {
    for (const { name } of planned.remove) this.jobs.delete(name);
    for (const { name, value } of planned.suspend) this.#change(name, { suspended: value, active: value ? 0 : 1 });
    for (const { name, owners } of planned.reown)
      this.claims = this.claims.map((claim) => (claim.name === name ? { ...claim, owned: owners.length > 0 } : claim));
    const discarded = new Set(planned.discard.map(({ uid }) => uid));
    this.claims = this.claims.filter(({ uid }) => !discarded.has(uid));
    for (const object of planned.create) this.#create(object);
    this.run = { ...this.run, status: planned.status };
    return planned;
  }

  /** Jobs that have pods at work. */
  working(): SimulatedJob[] {
    return [...this.jobs.values()].filter((job) => job.finished === undefined && !job.suspended);
  }

  training(): SimulatedJob[] {
    return this.working().filter(({ component }) => component === 'train');
  }

  /** Lets prepare succeed, and what follows from the data begin. */
  prepare(): Plan {
    this.step();
    for (const { name, component } of this.working()) if (component === 'prepare') this.succeed(name);
    return this.step();
  }

  succeed(name: string): void {
    const job = this.jobs.get(name) as SimulatedJob;
    const results: Record<string, TaskResult> = {
      prepare: {
        kind: 'prepare',
        dataset: `datasets/${this.digest.slice(0, 16)}`,
        sha256: this.digest,
        count: 9,
        leftOut: 0,
        broken: 0,
        notices: [],
        ...this.found,
      },
      train: { kind: 'train', digest: job.digest, images: 1, loss: 0.1 },
      collect: { kind: 'collect', models: 1 },
      aggregate: { kind: 'aggregate', path: `runs/digits/bundles/${job.digest}`, digest: 'b', models: 1 },
      sample: { kind: 'sample', shard: 0, count: 1 },
      evaluate: {
        kind: 'evaluate',
        path: `runs/digits/reports/${job.digest}`,
        digest: 'r',
        sampleCount: 5,
        metrics: [{ name: 'Fréchet distance', value: 12.345678 }],
        extractor: 'e',
        extractorDigest: 'x',
        ...(this.findings && { findings: this.findings }),
        ...(this.coverage !== undefined && { coverage: this.coverage }),
        caveats: [],
      },
    };
    const kind = name.includes('-collect-') ? 'collect' : job.component;
    this.#pod(job, 0, renderTermination({ outcome: 'Succeeded', result: results[kind] as TaskResult }));
    this.#change(name, { finished: 'Complete', finishedAt: new Date(this.now).toISOString(), active: 0 });
  }

  fail(name: string, message = 'Segmentation fault', { exitCode = 1, reason = 'BackoffLimitExceeded' } = {}): void {
    const job = this.jobs.get(name) as SimulatedJob;
    this.#pod(job, exitCode, message);
    this.#change(name, {
      finished: 'Failed',
      failed: job.failed + 1,
      active: 0,
      reason,
      message: 'Job has reached the specified backoff limit',
    });
  }

  #create(object: KubeObject): void {
    const { name, labels: own = {} } = object.metadata;
    if (this.jobs.has(name)) throw new Error(`${name} is created twice`);
    this.created.push(name);
    if (object.kind === 'PersistentVolumeClaim') {
      const owned = object.metadata.ownerReferences !== undefined;
      this.claims = [
        ...this.claims,
        { name, uid: `uid-${this.#uid++}`, deleting: false, owned, ofModel: own[labels.model] !== undefined },
      ];
      return;
    }
    this.jobs.set(name, {
      name,
      uid: `uid-${this.#uid++}`,
      labels: own,
      deleting: false,
      suspended: false,
      active: 1,
      failed: 0,
      finished: undefined,
      finishedAt: undefined,
      idleSince: undefined,
      reason: '',
      message: '',
      component: own[labels.component] ?? '',
      digest: own[labels.hash] ?? '',
    });
  }

  #change(name: string, change: Partial<SimulatedJob>): void {
    this.jobs.set(name, { ...(this.jobs.get(name) as SimulatedJob), ...change });
  }

  #pod(job: SimulatedJob, exitCode: number, message: string): void {
    this.pods.push({
      name: `${job.name}-pod`,
      uid: `uid-${this.#uid++}`,
      job: job.name,
      labels: job.labels,
      createdAt: new Date(this.now).toISOString(),
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      deleting: false,
      ip: undefined,
      port: undefined,
      terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', message },
      disrupted: false,
      blocked: undefined,
    });
  }
}

/** A condition of the run's status. */
export const conditionOf = (simulation: Simulation, type: string) =>
  simulation.run.status?.conditions?.find((condition) => condition.type === type);

/** A pod of a Job as it runs. */
export const runningPod = (name: string, job: ObservedJob): ObservedPod => ({
  name,
  uid: name,
  job: job.name,
  labels: job.labels,
  createdAt: '',
  phase: 'Running',
  deleting: false,
  ip: undefined,
  port: undefined,
  terminated: undefined,
  disrupted: false,
  blocked: undefined,
});

/** Lets everything succeed until nothing changes. */
export function finish(simulation: Simulation): void {
  for (let i = 0; i < 200; i++) {
    simulation.step();
    if (isTerminal(simulation.run.status?.phase ?? 'Pending')) return;
    for (const { name } of simulation.working()) simulation.succeed(name);
  }
  assert.fail(`still ${simulation.run.status?.phase}`);
}
