import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labels } from '../../../src/api/names.ts';
import type { Progress } from '../../../src/api/progress.ts';
import { parseRun } from '../../../src/api/run.ts';
import type { RunStatus } from '../../../src/api/status.ts';
import { viewOf } from '../../../src/cli/view.ts';
import { Objects } from '../../../src/local/objects.ts';
import { types } from '../../../src/operator/types.ts';
import { minimalRun } from '../../helpers/runs.ts';
import { settings } from '../../helpers/simulation.ts';

const run = parseRun(minimalRun());

const moment = (answers: [string, Progress][] = []) => ({
  answers: new Map(answers),
  settings,
  now: new Date(0),
  seconds: 0,
});

function client(status: RunStatus | undefined, pods: { name: string; component: string; model?: string }[] = []) {
  const objects = new Objects(() => 0);
  const { name, namespace } = run.metadata;
  objects.create(types.run, { ...minimalRun(), metadata: { name, namespace }, ...(status && { status }) });
  for (const pod of pods) {
    const own = {
      [labels.component]: pod.component,
      ...(pod.model === undefined ? {} : { [labels.model]: pod.model }),
    };
    const metadata = { name: pod.name, namespace, labels: own };
    objects.create(types.pod, { apiVersion: 'v1', kind: 'Pod', metadata, status: { phase: 'Running' } });
  }
  return { objects };
}

test('a run that nobody has looked at is pending, with all its models', () => {
  const { phase, models, active, notices } = viewOf(run, client(undefined), moment());
  assert.deepEqual([phase, models, active, notices], ['Pending', Array(10).fill('pending'), [], []]);
});

test('processes of every step are shown, those of training with their states', () => {
  const pods = [
    { name: 'a', component: 'prepare' },
    { name: 'b', component: 'train', model: '3' },
  ];
  const progress = { phase: 'Running' as const, done: 1, total: 2 };
  const { active, models } = viewOf(run, client({ phase: 'Training' }, pods), moment([['a', progress]]));
  assert.deepEqual(active, [
    { step: 'prepare', states: undefined, progress, stopping: false },
    { step: 'train', states: '3', progress: undefined, stopping: false },
  ]);
  assert.equal(models[3], 'active');
});

test('warnings, failures, and what is known of data and results are notices', () => {
  const dataset = {
    preparedBy: 'a',
    path: 'b',
    digest: 'd',
    count: 1,
    leftOut: 2,
    broken: 0,
    notices: ['left out: 2 .txt'],
  };
  const results = { path: 'r', digest: 'd', sampleCount: 1, caveats: ['few samples'] };
  const condition = {
    status: 'False' as const,
    reason: 'TopStateNotNoise',
    message: 'not noise',
    lastTransitionTime: '',
  };
  const concern = { ...condition, status: 'True' as const, reason: 'WashedOut', message: 'pale' };
  const conditions = [
    { ...condition, type: 'ScheduleReachesNoise' as const },
    { ...concern, type: 'QualityConcern' as const },
  ];
  const failures = [{ job: 'j', reason: 'Diverged', message: 'NaN' }];
  const { notices } = viewOf(run, client({ dataset, results, conditions, failures }), moment());
  assert.deepEqual(notices, [
    'TopStateNotNoise: not noise',
    'WashedOut: pale',
    'j: Diverged: NaN',
    'left out: 2 .txt',
    'few samples',
  ]);
});
