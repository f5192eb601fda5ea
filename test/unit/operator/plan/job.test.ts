import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labels } from '../../../../src/api/names.ts';
import { parseTask, taskVariable } from '../../../../src/api/task.ts';
import { jobsOf } from '../../../helpers/jobs.ts';

const spec = {
  schedule: { states: 2 },
  sampling: { count: 9, shards: 3 },
  evaluation: { extractor: { name: 'mnist-classifier' } },
  execution: { maxParallel: 2 },
};

test('every Job carries a task that its trainer can read, and a name that fits a label', () => {
  const jobs = jobsOf(spec);
  assert.deepEqual(
    jobs.map(({ metadata }) => metadata.name.replace(/-[0-9a-f]{8}$/, '')),
    ['digits-prepare', 'digits-m0', 'digits-m1', 'digits-aggregate', 'digits-sample', 'digits-evaluate'],
  );
  for (const { metadata, spec: job } of jobs) {
    const [container] = job.template.spec.containers;
    const task = parseTask(container?.env.find(({ name }) => name === taskVariable)?.value);
    assert.deepEqual(container?.args, [task.kind]);
    assert.ok(metadata.name.length <= 63);
    assert.deepEqual(
      metadata.ownerReferences.map(({ uid, controller }) => [uid, controller]),
      [['run-uid', true]],
    );
    assert.equal(job.template.spec.securityContext.runAsNonRoot, true);
    assert.equal(job.template.spec.automountServiceAccountToken, false);
    assert.equal(container?.securityContext.readOnlyRootFilesystem, true);
    assert.equal(
      container?.volumeMounts.find(({ mountPath }) => mountPath === '/volumes/data')?.readOnly ?? true,
      true,
    );
  }
});

test('a task of as many models as there may be fits into one variable of Linux', () => {
  const jobs = jobsOf({ schedule: { states: 4096, timesteps: 10_000 } });
  const aggregate = jobs.find(({ metadata }) => metadata.labels[labels.component] === 'aggregate');
  const { env = [] } = aggregate?.spec.template.spec.containers[0] ?? {};
  for (const { name, value } of env) assert.ok(name.length + value.length + 2 <= 131_072, `${name}: ${value.length}`);
  const task = parseTask(env.find(({ name }) => name === taskVariable)?.value);
  assert.equal(task.kind === 'aggregate' && task.models.length, 4096);
});

test('a task has nothing that Kubernetes would replace', () => {
  const path = 'a$$b/$(HOME)';
  const [job] = jobsOf({
    dataset: { source: { volume: { claimName: 'data', path } }, format: 'Idx', image: { size: 28, channels: 1 } },
  });
  const value = job?.spec.template.spec.containers[0]?.env.find(({ name }) => name === taskVariable)?.value ?? '';
  assert.ok(!value.includes('$'));
  const task = parseTask(value);
  assert.equal(task.kind === 'prepare' && task.dataset.source.volume?.path, path);
});

test('Jobs carry the labels and annotations that the run asks for, beside ours', () => {
  const metadata = { labels: { 'kueue.x-k8s.io/priority-class': 'high' }, annotations: { note: 'yes' } };
  for (const job of jobsOf({ schedule: { states: 2 }, execution: { jobTemplate: { metadata } } })) {
    assert.equal(job.metadata.labels['kueue.x-k8s.io/priority-class'], 'high');
    assert.equal(job.metadata.labels[labels.run], 'digits');
    assert.equal(job.metadata.labels[labels.addressFormat], '2');
    assert.deepEqual(job.metadata.annotations, { note: 'yes' });
    assert.equal(job.spec.template.metadata.labels['kueue.x-k8s.io/priority-class'], undefined);
  }
});

test('sampling is an Indexed Job of as many pods as shards, within maxParallel', () => {
  const sample = jobsOf(spec).find(({ metadata }) => metadata.labels[labels.component] === 'sample');
  assert.deepEqual([sample?.spec.completions, sample?.spec.parallelism], [3, 2]);
});
