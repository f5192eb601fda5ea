import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type JobStatus, type PodView, viewJob } from '../../../src/local/jobObjects.ts';
import { decide } from '../../../src/local/jobPolicy.ts';

const rules = [
  { action: 'FailJob', onExitCodes: { containerName: 'trainer', operator: 'In', values: [65, 78] } },
  { action: 'Ignore', onExitCodes: { containerName: 'trainer', operator: 'In', values: [75, 76] } },
  { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
];

const view = (spec: object = {}, status: Partial<JobStatus> = {}) =>
  viewJob({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace: 'n', name: 'job' },
    spec: { backoffLimit: 1, podFailurePolicy: { rules }, template: { spec: { containers: [] } }, ...spec },
    status,
  });

const pod = (fields: Partial<PodView>): PodView => ({
  name: 'pod',
  index: 0,
  working: false,
  deleting: false,
  succeeded: false,
  failed: false,
  conditions: [],
  ended: undefined,
  ...fields,
});
const running = pod({ working: true });
const failed = (exitCode: number, fields: Partial<PodView> = {}) =>
  pod({ failed: true, ended: { container: 'trainer', exitCode, at: 0 }, ...fields });

const conditionsOf = (status: JobStatus) => status.conditions.map(({ type, status: value }) => `${type}=${value}`);

test('a Job without pods begins with one, one with a running pod waits', () => {
  assert.deepEqual(decide(view(), [], 0).create, [0]);
  const { create, status } = decide(view(), [running], 0);
  assert.deepEqual([create, status.active], [[], 1]);
});

test('a Job is complete when every index has succeeded', () => {
  const { status } = decide(view(), [pod({ succeeded: true })], 0);
  assert.deepEqual([status.succeeded, conditionsOf(status)], [1, ['SuccessCriteriaMet=True', 'Complete=True']]);
});

test('a failed pod has a successor after a while, until backoffLimit is passed', () => {
  const early = decide(view(), [failed(1)], 500);
  assert.deepEqual([early.create, early.lookAt], [[], 1000]);
  assert.deepEqual(decide(view(), [failed(1)], 1000).create, [0]);
  const { status } = decide(view(), [failed(1), failed(1)], 9000);
  assert.equal(status.conditions.at(-1)?.reason, 'BackoffLimitExceeded');
});

test('an exit code that says trying again cannot help fails the Job at once', () => {
  for (const code of [65, 78]) {
    const { status } = decide(view(), [failed(code)], 0);
    assert.deepEqual([status.failed, status.conditions.at(-1)?.reason], [1, 'PodFailurePolicy']);
  }
});

test('interruptions and disruptions are not counted, however many', () => {
  const disrupted = failed(137, { conditions: [{ type: 'DisruptionTarget', status: 'True' }] });
  const { status, create } = decide(view({ backoffLimit: 0 }), [failed(75), failed(76), disrupted], 60_000);
  assert.deepEqual([status.failed, status.conditions, create], [0, [], [0]]);
});

test('a Job that fails ends its other pods first', () => {
  const indexed = view({ completionMode: 'Indexed', completions: 2, parallelism: 2, backoffLimit: 0 });
  const other = pod({ name: 'other', index: 1, working: true });
  const ending = decide(indexed, [failed(1), other], 0);
  assert.deepEqual([conditionsOf(ending.status), ending.remove], [['FailureTarget=True'], [other]]);
  const { conditions } = ending.status;
  const ended = decide({ ...indexed, status: ending.status }, [failed(1)], 0);
  assert.deepEqual(conditionsOf(ended.status), ['FailureTarget=True', 'Failed=True']);
  assert.equal(conditions[0]?.reason, 'BackoffLimitExceeded');
});

test('suspending ends pods; resuming begins anew, and the deadline with it', () => {
  const spec = { suspend: true, activeDeadlineSeconds: 10 };
  const { status, remove } = decide(view(spec), [running], 5000);
  assert.deepEqual([conditionsOf(status), remove, status.startTime], [['Suspended=True'], [running], undefined]);
  const resumed = decide(view({ activeDeadlineSeconds: 10 }, status), [], 60_000);
  assert.deepEqual([conditionsOf(resumed.status), resumed.lookAt], [['Suspended=False'], 70_000]);
});

test('no more pods run at once than parallelism says', () => {
  const indexed = view({ completionMode: 'Indexed', completions: 5, parallelism: 2 });
  assert.deepEqual(
    decide(indexed, [pod({ succeeded: true, index: 1 }), pod({ working: true, index: 0 })], 0).create,
    [2],
  );
});
