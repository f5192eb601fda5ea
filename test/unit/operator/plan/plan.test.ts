import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { labels } from '../../../../src/api/names.ts';
import { statusSchema } from '../../../../src/api/status.ts';
import { renderTermination } from '../../../../src/api/termination.ts';
import type { ObservedJob, ObservedPod } from '../../../../src/operator/plan/observed.ts';
import { plan } from '../../../../src/operator/plan/plan.ts';
import { transitionEvents } from '../../../../src/operator/plan/transitions.ts';
import { runOf, Simulation, settings } from '../../../helpers/simulation.ts';

const conditionOf = (simulation: Simulation, type: string) =>
  simulation.run.status?.conditions?.find((condition) => condition.type === type);

const runningPod = (name: string, job: ObservedJob): ObservedPod => ({
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
  blocked: undefined,
});

/** Lets everything succeed until nothing changes. */
function finish(simulation: Simulation): void {
  for (let i = 0; i < 200; i++) {
    simulation.step();
    if (['Complete', 'Failed', 'Cancelled'].includes(simulation.run.status?.phase ?? '')) return;
    for (const { name } of simulation.working()) simulation.succeed(name);
  }
  assert.fail(`still ${simulation.run.status?.phase}`);
}

test('the whole life, phase by phase', () => {
  const simulation = new Simulation(
    runOf({ schedule: { states: 3 }, execution: { maxParallel: 2 }, sampling: { count: 5 } }),
  );
  const phases: (string | undefined)[] = [];
  for (let i = 0; i < 12; i++) {
    simulation.step();
    phases.push(simulation.run.status?.phase);
    const [first] = simulation.working();
    if (first !== undefined) simulation.succeed(first.name);
  }
  assert.deepEqual([...new Set(phases)], ['Pending', 'Training', 'Aggregating', 'Sampling', 'Evaluating', 'Complete']);
  const { results, bundle, models } = simulation.run.status ?? {};
  assert.equal(results?.display, '12.35');
  assert.equal(bundle?.digest, 'b');
  assert.equal(models?.summary, '3/3');
  assert.equal(conditionOf(simulation, 'Complete')?.status, 'True');
});

test('whatever the order of ends and disturbances, every model is trained once and slots are never exceeded', () => {
  const scenario = fc.record({
    models: fc.integer({ min: 1, max: 12 }),
    statesPerModel: fc.integer({ min: 1, max: 3 }),
    maxParallel: fc.integer({ min: 1, max: 5 }),
    choices: fc.array(fc.nat(1000), { minLength: 20, maxLength: 60 }),
  });
  fc.assert(
    fc.property(scenario, ({ models, statesPerModel, maxParallel, choices }) => {
      const simulation = new Simulation(
        runOf({
          schedule: { states: models * statesPerModel, statesPerModel },
          execution: { maxParallel },
          sampling: { count: 5 },
        }),
      );
      const suspend = (value: boolean) => {
        simulation.run = { ...simulation.run, spec: { ...simulation.run.spec, suspend: value } };
      };
      for (const choice of choices) {
        simulation.step();
        assert.ok(simulation.training().length <= maxParallel);
        const working = simulation.working();
        if (choice % 10 === 0) suspend(true);
        else if (choice % 10 === 1) suspend(false);
        else if (working.length > 0) simulation.succeed(working[choice % working.length]?.name ?? '');
        if (simulation.run.spec.suspend) {
          simulation.step();
          assert.equal(simulation.working().length, 0, 'suspended, but something works');
        }
      }
      suspend(false);
      finish(simulation);
      assert.equal(simulation.run.status?.phase, 'Complete');
      assert.equal(new Set(simulation.created).size, simulation.created.length);
      assert.equal(simulation.created.length, models + 4); // the claim and three steps
    }),
    { numRuns: 150 },
  );
});

test('a plan that is carried out changes nothing any more', () => {
  const simulation = new Simulation(runOf({ execution: { maxParallel: 4 } }));
  simulation.step();
  const again = simulation.step();
  assert.deepEqual([again.create, again.suspend, again.remove], [[], [], []]);
  const status = simulation.run.status;
  const third = plan(simulation.run, simulation.observed(), new Date(simulation.now + 60_000), settings);
  assert.deepEqual(third.status, status, 'time alone does not change a status');
  assert.deepEqual(transitionEvents(status, third.status, third), []);
});

test('a failed model does not stop the others; the run fails when they have ended', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 4 }, execution: { maxParallel: 2 } }));
  simulation.step();
  const [victim] = simulation.working();
  assert.ok(victim);
  const said = renderTermination({
    outcome: 'Failed',
    code: 'Diverged',
    message: 'the loss is NaN',
    hint: 'Lower it.',
    log: ['one', 'two'],
  });
  simulation.fail(victim.name, said);
  simulation.step();
  assert.equal(simulation.run.status?.phase, 'Training');
  assert.equal(conditionOf(simulation, 'Failed')?.reason, 'OthersContinue');
  finish(simulation);
  const { status } = simulation.run;
  assert.equal(status?.phase, 'Failed');
  assert.equal(status?.models?.done, 3);
  assert.deepEqual(status?.failures?.[0], {
    job: victim.name,
    pod: `${victim.name}-pod`,
    states: '0',
    reason: 'Diverged',
    message: 'the loss is NaN Lower it.',
    log: ['one', 'two'],
  });
  assert.equal(conditionOf(simulation, 'Stalled')?.status, 'True');
  assert.match(conditionOf(simulation, 'Failed')?.message ?? '', /Model of states 0 .*Diverged: the loss is NaN/);
});

test('without a last word, the tail of the log and Kubernetes’ reason stand in', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 1 } }));
  simulation.step();
  simulation.fail(simulation.working()[0]?.name ?? '', 'line one\nSegmentation fault');
  simulation.step();
  const [failure] = simulation.run.status?.failures ?? [];
  assert.equal(failure?.reason, 'BackoffLimitExceeded');
  assert.deepEqual(failure?.log, ['line one', 'Segmentation fault']);
});

test('a Job that was stopped at its deadline says so, not what its pod said when it was stopped', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 1 } }));
  simulation.step();
  const [{ name } = { name: '' }] = simulation.working();
  const said = renderTermination({ outcome: 'Failed', code: 'Interrupted', message: 'state is saved', log: ['saved'] });
  simulation.fail(name, said, { exitCode: 75, reason: 'DeadlineExceeded' });
  simulation.step();
  const [failure] = simulation.run.status?.failures ?? [];
  assert.equal(failure?.reason, 'DeadlineExceeded');
  assert.deepEqual(failure?.log, ['saved']);
});

test('of the pods of a failed Job, one that failed tells why, not one that was stopped because of it', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 1 } }));
  simulation.step();
  const [{ name } = { name: '' }] = simulation.working();
  const word = (code: 'InputMissing' | 'Interrupted') =>
    renderTermination({ outcome: 'Failed', code, message: 'm', log: [] });
  simulation.fail(name, word('InputMissing'), { exitCode: 65, reason: 'PodFailurePolicy' });
  simulation.now += 1000;
  simulation.fail(name, word('Interrupted'), { exitCode: 75, reason: 'PodFailurePolicy' });
  simulation.step();
  assert.equal(simulation.run.status?.failures?.[0]?.reason, 'InputMissing');
});

test('a failed model whose settings change is trained anew, and the run goes on', () => {
  const spec = { schedule: { states: 2 }, execution: { maxParallel: 2 } };
  const simulation = new Simulation(runOf(spec));
  simulation.step();
  const [first, second] = simulation.working();
  simulation.fail(first?.name ?? '');
  simulation.succeed(second?.name ?? '');
  simulation.step();
  assert.equal(simulation.run.status?.phase, 'Failed');
  simulation.run = {
    ...runOf({ ...spec, overrides: [{ states: '0', training: { images: 7 } }] }),
    status: simulation.run.status,
  };
  finish(simulation);
  assert.equal(simulation.run.status?.phase, 'Complete');
  assert.ok(!simulation.jobs.has(first?.name ?? ''), 'the obsolete Job is removed');
  assert.ok(simulation.jobs.has(second?.name ?? ''), 'the other model is kept');
});

test('a result whose pod went before it was read is asked for again', () => {
  const simulation = new Simulation(runOf({ sampling: { count: 5 } }));
  const isEvaluate = ({ name }: { name: string }) => name.includes('-evaluate-');
  for (let i = 0; i < 30 && !simulation.working().some(isEvaluate); i++) {
    for (const { name } of simulation.working()) simulation.succeed(name);
    simulation.step();
  }
  const [evaluate] = simulation.working();
  assert.ok(evaluate && isEvaluate(evaluate));
  simulation.succeed(evaluate.name);
  simulation.pods.length = 0; // a node is drained while no operator looks
  simulation.step();
  assert.equal(simulation.run.status?.phase, 'Evaluating');
  simulation.now += 60_000;
  simulation.step();
  assert.equal(simulation.run.status?.phase, 'Evaluating');
  assert.ok(!simulation.jobs.has(evaluate.name));
  finish(simulation);
  assert.equal(simulation.run.status?.results?.display, '12.35');
  simulation.pods.length = 0;
  simulation.now += 60_000;
  assert.deepEqual(simulation.step().remove, [], 'what is known needs no pod');
  assert.equal(simulation.run.status?.phase, 'Complete');
});

test('changing sampling samples anew only; changing nothing does nothing', () => {
  const simulation = new Simulation(runOf({ sampling: { count: 5 } }));
  finish(simulation);
  const before = simulation.created.length;
  finish(simulation);
  assert.equal(simulation.created.length, before);
  simulation.run = { ...runOf({ sampling: { count: 6 } }), status: simulation.run.status };
  finish(simulation);
  const fresh = simulation.created.slice(before);
  assert.equal(fresh.length, 2);
  assert.match(fresh[0] ?? '', /^digits-sample-/);
  assert.match(fresh[1] ?? '', /^digits-evaluate-/);
});

test('how pods run and how often state is saved is no part of a model', () => {
  const simulation = new Simulation(runOf());
  finish(simulation);
  const before = simulation.created.length;
  simulation.run = {
    ...runOf({
      execution: { maxParallel: 1, image: 'other' },
      checkpoints: { volume: { shared: { size: '1Gi' } }, everyImages: 5 },
    }),
    status: simulation.run.status,
  };
  finish(simulation);
  assert.equal(simulation.created.length, before);
});

test('a Job that failed or cannot start is made anew when the run wants its pods otherwise; one that works is let work', () => {
  const wrong = { execution: { image: 'wrong', maxParallel: 3 }, schedule: { states: 3 } };
  const right = { execution: { image: 'right', maxParallel: 3 }, schedule: { states: 3 } };
  const simulation = new Simulation(runOf(wrong));
  simulation.step();
  const [failed, blocked, working] = simulation.training();
  assert.ok(failed && blocked && working);
  simulation.fail(failed.name);
  simulation.pods.push(runningPod('working', working), {
    ...runningPod('blocked', blocked),
    phase: 'Pending',
    blocked: { reason: 'ImagePullBackOff', message: 'no such image' },
  });
  assert.deepEqual(simulation.step().remove, [], 'nothing has changed');
  simulation.run = { ...runOf(right), status: simulation.run.status };
  assert.deepEqual(
    simulation.step().remove.map(({ name }) => name),
    [failed.name, blocked.name],
  );
  simulation.pods.length = 0;
  simulation.step();
  const anew = simulation.training();
  assert.deepEqual(anew.map(({ name }) => name).sort(), [failed.name, blocked.name, working.name].sort());
  assert.equal(anew.find(({ name }) => name === working.name)?.uid, working.uid);
  finish(simulation);
  assert.equal(simulation.run.status?.phase, 'Complete');
});

test('a pod that cannot start is named once that has lasted half a minute, whole characters only', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 1 } }));
  simulation.step();
  const [job] = simulation.training();
  assert.ok(job);
  const blocked = { reason: 'Unschedulable', message: `${'x'.repeat(1999)}😀` };
  const createdAt = new Date(simulation.now).toISOString();
  simulation.pods.push({ ...runningPod('waits', job), phase: 'Pending', createdAt, blocked });
  const early = simulation.step();
  assert.equal(early.status.failures, undefined);
  assert.equal(early.requeueAfterMs, 29_000, 'a second has passed');
  simulation.now += 30_000;
  const late = simulation.step();
  assert.equal(late.requeueAfterMs, undefined);
  const [failure] = late.status.failures ?? [];
  assert.deepEqual([failure?.reason, failure?.pod, failure?.states], ['Unschedulable', 'waits', '0']);
  assert.ok(failure?.message.isWellFormed());
  assert.match(conditionOf(simulation, 'Ready')?.message ?? '', /Unschedulable/);
});

test('lowering maxParallel in mid-run stops the models beyond it', () => {
  const simulation = new Simulation(runOf({ execution: { maxParallel: 4 } }));
  simulation.step();
  assert.equal(simulation.training().length, 4);
  simulation.run = { ...runOf({ execution: { maxParallel: 1 } }), status: simulation.run.status };
  simulation.step();
  assert.deepEqual(
    simulation.training().map(({ labels: own }) => own[labels.model]),
    ['0'],
  );
  finish(simulation);
});

test('a stopped model goes on only when the pods of one on its way out have gone', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 3 }, execution: { maxParallel: 3 } }));
  simulation.step();
  simulation.run = {
    ...runOf({ schedule: { states: 3 }, execution: { maxParallel: 1 } }),
    status: simulation.run.status,
  };
  simulation.step();
  const [first] = simulation.training();
  assert.ok(first);
  simulation.jobs.set(first.name, { ...first, deleting: true }); // somebody deletes it; its pod saves its state
  simulation.step();
  assert.deepEqual(
    simulation.training().map(({ name }) => name),
    [first.name],
  );
  simulation.jobs.delete(first.name);
  simulation.step();
  assert.equal(simulation.training().length, 1);
  finish(simulation);
});

test('cancel deletes what is unfinished and ends the run; a complete run stays complete', () => {
  const simulation = new Simulation(runOf());
  simulation.step();
  simulation.run = { ...runOf({ cancel: true }), status: simulation.run.status };
  simulation.step();
  simulation.step();
  assert.equal(simulation.run.status?.phase, 'Cancelled');
  assert.equal(simulation.working().length, 0);
  const complete = new Simulation(runOf());
  finish(complete);
  complete.run = { ...runOf({ cancel: true }), status: complete.run.status };
  complete.step();
  assert.equal(complete.run.status?.phase, 'Complete');
});

test('too many failed pods in all end the run', () => {
  const simulation = new Simulation(runOf({ execution: { retries: { perModel: 0, total: 2 }, maxParallel: 3 } }));
  for (let i = 0; i < 3; i++) {
    simulation.step();
    simulation.fail(simulation.working()[0]?.name ?? '');
  }
  simulation.step();
  assert.equal(simulation.run.status?.phase, 'Failed');
  assert.equal(conditionOf(simulation, 'Failed')?.reason, 'RetriesExhausted');
  assert.equal(simulation.working().length, 0);
});

test('with a Kueue queue too, a run that has no retries left stays failed until its spec changes', () => {
  const spec = (total: number) => ({
    schedule: { states: 2 },
    execution: { queueName: 'team', retries: { perModel: 9, total } },
  });
  const simulation = new Simulation(runOf(spec(1)));
  simulation.step();
  for (const job of simulation.working()) simulation.jobs.set(job.name, { ...job, failed: 1 });
  for (let i = 0; i < 4; i++) {
    simulation.step();
    assert.equal(conditionOf(simulation, 'Failed')?.reason, 'RetriesExhausted');
    assert.equal(simulation.run.status?.models?.retries, 2);
    assert.equal(simulation.jobs.size, 0, 'Jobs are deleted, which gives their quota back');
  }
  const fixed = runOf(spec(1));
  simulation.run = { ...fixed, metadata: { ...fixed.metadata, generation: 2 }, status: simulation.run.status };
  finish(simulation);
  assert.equal(simulation.run.status?.phase, 'Complete');
});

test('a run that takes too long fails, and its time is looked at without news', () => {
  const simulation = new Simulation(runOf({ execution: { deadlines: { runSeconds: 60 } } }));
  simulation.step();
  const { requeueAfterMs } = simulation.step();
  assert.ok(requeueAfterMs !== undefined && requeueAfterMs <= 60_000);
  simulation.now += 60_000;
  simulation.step();
  assert.equal(conditionOf(simulation, 'Failed')?.reason, 'DeadlineExceeded');
});

test('a run that failed keeps its reason when its deadline passes afterwards', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 1 }, execution: { deadlines: { runSeconds: 60 } } }));
  simulation.step();
  simulation.fail(simulation.working()[0]?.name ?? '');
  simulation.step();
  simulation.now += 3_600_000;
  simulation.step();
  assert.equal(conditionOf(simulation, 'Failed')?.reason, 'ModelFailed');
});

test('a finished run is deleted when its time to live is over', () => {
  const simulation = new Simulation(runOf({ ttlSecondsAfterFinished: 100 }));
  finish(simulation);
  assert.equal(simulation.step().expired, false);
  simulation.now += 100_000;
  assert.equal(simulation.step().expired, true);
});

test('with a Kueue queue, suspending deletes Jobs, since suspend is Kueue’s', () => {
  const spec = { execution: { queueName: 'team' }, suspend: true };
  const simulation = new Simulation(runOf({ execution: { queueName: 'team' } }));
  simulation.step();
  assert.equal([...simulation.jobs.values()][0]?.labels[labels.queue], 'team');
  simulation.run = { ...runOf(spec), status: simulation.run.status };
  const planned = simulation.step();
  assert.deepEqual(planned.suspend, []);
  assert.equal(simulation.jobs.size, 0);
});

test('a run that gets a queue while it is suspended goes on with the Jobs that it has', () => {
  const simulation = new Simulation(runOf({}));
  simulation.step();
  simulation.run = { ...runOf({ suspend: true }), status: simulation.run.status };
  simulation.step();
  assert.equal(simulation.working().length, 0);
  simulation.run = { ...runOf({ execution: { queueName: 'team' } }), status: simulation.run.status };
  finish(simulation);
  assert.equal(simulation.run.status?.phase, 'Complete');
});

test('a top state that is not noise is a warning, never a refusal', () => {
  const schedule = { states: 2, spacing: 'Explicit', indices: [10, 500] };
  const simulation = new Simulation(runOf({ schedule }));
  simulation.step();
  assert.equal(conditionOf(simulation, 'ScheduleReachesNoise')?.reason, 'TopStateNotNoise');
  assert.equal(simulation.working().length, 2);
  const matched = new Simulation(runOf({ schedule, sampling: { start: 'MomentMatched' } }));
  matched.step();
  assert.equal(conditionOf(matched, 'ScheduleReachesNoise')?.status, 'True');
});

test('whatever pods answer, the status is one that the API server takes', () => {
  const number = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true });
  const answer = fc.record({ done: number, total: number, perSecond: number });
  fc.assert(
    fc.property(fc.array(answer, { minLength: 1, maxLength: 3 }), (answers) => {
      const simulation = new Simulation(runOf({ schedule: { states: 3 } }));
      simulation.step();
      const progress = new Map(answers.map((answer, i) => [`pod-${i}`, { phase: 'Running' as const, ...answer }]));
      const pods = simulation.training().map((job, i) => runningPod(`pod-${i}`, job));
      const { status } = plan(simulation.run, { ...simulation.observed(), pods, progress }, new Date(0), settings);
      const sent = JSON.parse(JSON.stringify(status)); // Infinity would be null
      assert.deepEqual(statusSchema.parse(sent), status);
    }),
  );
});

test('the status is bounded for any S', () => {
  const states = 4096;
  const simulation = new Simulation(
    runOf({ schedule: { states, timesteps: 10_000 }, execution: { maxParallel: states, retries: { total: 100_000 } } }),
  );
  simulation.step();
  simulation.working().forEach(({ name }, i) => {
    if (i % 2 === 0) simulation.fail(name, 'x'.repeat(4000));
  });
  simulation.step();
  assert.ok(JSON.stringify(simulation.run.status).length < 100_000);
});

test('events tell of transitions only', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 1 }, sampling: { count: 5 } }));
  const reasons: string[] = [];
  for (let i = 0; i < 12; i++) {
    const before = simulation.run.status;
    const planned = simulation.step();
    reasons.push(...transitionEvents(before, planned.status, planned).map(({ reason }) => reason));
    for (const { name } of simulation.working()) simulation.succeed(name);
  }
  assert.deepEqual(reasons, [
    'Created',
    'Pending',
    'Created',
    'ModelTrained',
    'Aggregating',
    'Created',
    'Sampling',
    'Created',
    'Evaluating',
    'Complete',
  ]);
});
