import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRun } from '../../../src/api/run.ts';
import type { RunStatus } from '../../../src/api/status.ts';
import { inStore, summaryOf, volumeFolder } from '../../../src/cli/summary.ts';
import { minimalRun, withSpec } from '../../helpers/runs.ts';

const run = parseRun(minimalRun());
const local = { folderOf: (claim: string) => `/home/${claim}`, logOf: (pod: string) => `/home/logs/${pod}.log` };
const dataset = { preparedBy: 'a', path: 'datasets/d', digest: 'd'.repeat(64), count: 999, leftOut: 0, broken: 0 };
const summary = (status: RunStatus, phase: 'Complete' | 'Failed' = 'Complete') =>
  summaryOf(run, { phase, status, seconds: 65 }, local);

test('paths are in the folder of the run’s claim, or in its bucket', () => {
  assert.equal(inStore(run, local, 'runs/digits'), '/home/digits-checkpoints/runs/digits');
  assert.equal(volumeFolder(run, local), '/home/digits-checkpoints');
  const inBucket = parseRun(withSpec({ checkpoints: { objectStore: { bucket: 'models', prefix: 'team' } } }));
  assert.equal(inStore(inBucket, local, 'runs/digits'), 's3://models/team/runs/digits');
  assert.equal(volumeFolder(inBucket, local), undefined);
});

test('a run that is complete names its data, every metric, and where things are', () => {
  const results = {
    path: 'reports/r',
    digest: 'r',
    sampleCount: 400,
    extractor: 'mnist-classifier',
    metrics: [
      { name: 'Fréchet distance', value: 83.43906 },
      { name: 'Kernel distance', value: 0.0123456 },
    ],
  };
  assert.deepEqual(summary({ dataset, results, bundle: { path: 'bundles/b', digest: 'abc' } }), [
    'digits is complete after 1:05.',
    'Data:    999 images',
    `         sha256 ${'d'.repeat(64)}`,
    'Fréchet distance: 83.44 (N = 400, mnist-classifier)',
    'Kernel distance: 0.01235 (N = 400, mnist-classifier)',
    'Report:  /home/digits-checkpoints/reports/r/report.html',
    'Samples: /home/digits-checkpoints/reports/r/samples.png',
    'Bundle:  /home/digits-checkpoints/bundles/b',
    '         sha256 abc',
  ]);
});

test('what was left out, and what to know before comparing, is told', () => {
  const status = {
    dataset: { ...dataset, leftOut: 3, broken: 1, notices: ['left out: 3 .txt'] },
    results: { path: 'r', digest: 'r', sampleCount: 4, caveats: ['fewer samples than features'] },
  };
  const lines = summary(status);
  assert.equal(lines[1], 'Data:    999 images, 3 other files left out, 1 broken image left out');
  assert.deepEqual(lines.slice(-2), ['Note: left out: 3 .txt', 'Note: fewer samples than features']);
});

test('a failure signature is told with what to do', () => {
  const findings = [{ signature: 'WashedOut' as const, message: 'Samples are pale. Map ᾱ.' }];
  const lines = summary({ results: { path: 'r', digest: 'r', sampleCount: 4, findings } });
  assert.equal(lines.at(-1), 'WashedOut: Samples are pale. Map ᾱ.');
});

test('a failure has its reason, the end of its log, and where the whole log is', () => {
  const failure = { job: 'j', pod: 'p', states: '1', reason: 'Diverged', message: 'the loss is NaN', log: ['a', 'b'] };
  assert.deepEqual(summary({ failures: [failure] }, 'Failed'), [
    'digits is failed after 1:05.',
    'Model of states 1 failed: Diverged: the loss is NaN',
    '    a',
    '    b',
    '    log: /home/logs/p.log',
  ]);
});

test('a run that failed as a whole says why', () => {
  const condition = { type: 'Failed', status: 'True', reason: 'DeadlineExceeded', message: 'too long' } as const;
  const conditions = [{ ...condition, lastTransitionTime: '' }];
  assert.equal(summary({ conditions }, 'Failed').at(-1), 'DeadlineExceeded: too long');
});
