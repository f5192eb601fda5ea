import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isTerminal, type RunStatus } from '../../../../src/api/status.ts';
import type { ObservedJob, ObservedPod } from '../../../../src/operator/plan/observed.ts';
import { plan } from '../../../../src/operator/plan/plan.ts';
import { runOf, Simulation, settings } from '../../../helpers/simulation.ts';

/** A simulation that the operator sees only as far as it has been told: each Job and each pod by an event of its own. */
class Delayed {
  readonly client: Simulation;
  /** States of models that fail. */
  readonly #failing: readonly number[];
  readonly #jobs = new Map<string, ObservedJob>();
  readonly #pods = new Map<string, ObservedPod>();

  constructor(spec: Record<string, unknown>, failing: readonly number[]) {
    this.client = new Simulation(runOf(spec));
    this.#failing = failing;
  }

  /** @param written whether the status that follows is written; else the next look has the one before */
  look(written = true): void {
    const { client } = this;
    const { status } = client.run;
    client.now += 1000;
    const observed = { ...client.observed(), jobs: [...this.#jobs.values()], pods: [...this.#pods.values()] };
    const { create, remove, suspend, ...planned } = plan(client.run, observed, new Date(client.now), settings);
    const known = ({ name, uid }: { name: string; uid: string }) => client.jobs.get(name)?.uid === uid;
    client.carryOut({
      ...planned,
      create: create.filter(({ metadata }) => !client.jobs.has(metadata.name)), // 409: it is there already
      remove: remove.filter(known),
      suspend: suspend.filter(known),
    });
    if (!written) client.run = { ...client.run, status };
  }

  /** Somebody deletes a Job, with its pods. */
  vanish(which: number): void {
    const { client } = this;
    const name = [...client.jobs.keys()][which % client.jobs.size];
    if (name === undefined) return;
    client.jobs.delete(name);
    const left = client.pods.filter(({ job }) => job !== name);
    client.pods.splice(0, client.pods.length, ...left);
  }

  /** Lets a Job that works end, if there is one. */
  end(which: number): void {
    const working = this.client.working();
    const job = working[which % working.length];
    if (job === undefined) return;
    const fails = this.#failing.some((index) => job.name.startsWith(`digits-m${index}-`));
    if (fails) this.client.fail(job.name);
    else this.client.succeed(job.name);
  }

  tellJob(which: number): void {
    const names = [...new Set([...this.client.jobs.keys(), ...this.#jobs.keys()])];
    const name = names[which % names.length];
    if (name === undefined) return;
    const job = this.client.jobs.get(name);
    if (job === undefined) this.#jobs.delete(name);
    else this.#jobs.set(name, job);
  }

  tellPod(which: number): void {
    const names = [...new Set([...this.client.pods.map((pod) => pod.name), ...this.#pods.keys()])];
    const name = names[which % names.length];
    if (name === undefined) return;
    const pod = this.client.pods.find((each) => each.name === name);
    if (pod === undefined) this.#pods.delete(name);
    else this.#pods.set(name, pod);
  }

  suspend(suspend: boolean): void {
    const { run } = this.client;
    this.client.run = { ...run, spec: { ...run.spec, suspend } };
  }

  /** Tells everything and lets everything end, until nothing is left to do. */
  settle(): void {
    this.suspend(false);
    for (let i = 0; i < 100; i++) {
      const jobs = this.client.jobs.size + this.#jobs.size;
      for (let which = 0; which < jobs; which++) this.tellJob(which);
      const pods = this.client.pods.length + this.#pods.size;
      for (let which = 0; which < pods; which++) this.tellPod(which);
      this.look();
      if (isTerminal(this.client.run.status?.phase ?? 'Pending') && this.client.working().length === 0 && i > 0) return;
      while (this.client.working().length > 0) this.end(0);
    }
    assert.fail(`still ${this.client.run.status?.phase}`);
  }

  /** Where it has come to, without times. */
  get fixedPoint() {
    const { startedAt: _, finishedAt: __, conditions, ...status } = this.client.run.status as RunStatus;
    // A prepare Job that has vanished is not made again: what it found is in the status.
    const jobs = [...this.client.jobs.values()]
      .filter(({ component }) => component !== 'prepare')
      .map(({ name, finished }) => `${name} ${finished}`);
    return {
      status,
      conditions: conditions?.map(({ lastTransitionTime: _, ...condition }) => condition),
      jobs: jobs.sort(),
    };
  }
}

const which = fc.nat(30);
const happening = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('look' as const), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('end' as const), which }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('tellJob' as const, 'tellPod' as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('suspend' as const, 'resume' as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('lookInVain' as const, 'vanish' as const), which }) },
);

test('in whatever order Jobs end and vanish, events come, looks are taken and statuses written, a run comes to the same end', () => {
  const scenario = fc.record({
    states: fc.integer({ min: 1, max: 5 }),
    maxParallel: fc.integer({ min: 1, max: 5 }),
    failing: fc.subarray([0, 2]),
    minStates: fc.constantFrom(undefined, 1, 2),
    volume: fc.constantFrom({ shared: { size: '1Gi' } }, { perModel: { size: '1Gi' } }),
    happenings: fc.array(happening, { maxLength: 80 }),
  });
  fc.assert(
    fc.property(scenario, ({ states, maxParallel, failing, minStates = states, volume, happenings }) => {
      const execution = { maxParallel, aggregation: { claimsPerWave: 2 } };
      const sampling = { count: 5, minStates: Math.min(minStates, states) };
      const spec = { schedule: { states }, execution, checkpoints: { volume }, sampling };
      const undisturbed = new Delayed(spec, failing);
      undisturbed.settle();
      const disturbed = new Delayed(spec, failing);
      for (const { kind, which } of happenings) {
        if (kind === 'suspend' || kind === 'resume') disturbed.suspend(kind === 'suspend');
        else if (kind === 'look' || kind === 'lookInVain') disturbed.look(kind === 'look');
        else disturbed[kind](which);
      }
      disturbed.settle();
      assert.deepEqual(disturbed.fixedPoint, undisturbed.fixedPoint);
    }),
    { numRuns: 150 },
  );
});
