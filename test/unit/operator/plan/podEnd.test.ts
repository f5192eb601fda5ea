import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderTermination } from '../../../../src/api/termination.ts';
import { endedBadly, howItEnded, logOf, saidBy, wasStopped } from '../../../../src/operator/plan/podEnd.ts';
import { runningPod, runOf, Simulation } from '../../../helpers/simulation.ts';

const simulation = new Simulation(runOf());
simulation.prepare();
const [job] = simulation.training();
assert.ok(job);
const running = runningPod('pod', job);
const ended = (exitCode: number, reason: string, message?: string) => ({
  ...running,
  terminated: { exitCode, reason, message },
});

test('a pod that failed says why, where, and what to do, and which lines it logged last', () => {
  const word = { code: 'Diverged' as const, message: 'the loss is NaN', where: 'step 7', hint: 'Lower it.' };
  const pod = ended(1, 'Error', renderTermination({ outcome: 'Failed', ...word, log: ['a', 'b'] }));
  assert.deepEqual(saidBy(pod), {
    reason: 'Diverged',
    message: 'the loss is NaN (step 7) Lower it.',
    log: ['a', 'b'],
  });
  assert.deepEqual(logOf(pod), ['a', 'b']);
});

test('without a word of its own there are the last lines of its log, and what Kubernetes saw', () => {
  const pod = ended(137, 'OOMKilled', 'one\ntwo\n');
  assert.deepEqual(
    [saidBy(pod), logOf(pod), howItEnded(pod)],
    [undefined, ['one', 'two'], 'ended with exit code 137 (OOMKilled)'],
  );
  assert.equal(howItEnded(ended(-1, 'Evicted')), 'failed (Evicted)');
  assert.equal(logOf(ended(1, 'Error')), undefined);
});

test('a pod that was stopped ended badly, and it is not why', () => {
  assert.deepEqual(
    [endedBadly(running), endedBadly(ended(0, 'Completed')), endedBadly(ended(75, 'Error'))],
    [false, false, true],
  );
  assert.deepEqual([wasStopped(ended(75, 'Error')), wasStopped(ended(1, 'Error'))], [true, false]);
});
