import assert from 'node:assert/strict';
import { test } from 'node:test';
import { taskVariable } from '../../../../src/api/task.ts';
import { type Job, jobsOf } from '../../../helpers/jobs.ts';

const spec = {
  schedule: { states: 2 },
  sampling: { count: 9, shards: 3 },
  evaluation: { extractor: { name: 'mnist-classifier' } },
  execution: {
    maxParallel: 2,
    resources: { limits: { 'nvidia.com/gpu': 1, memory: '8Gi' } },
    podTemplate: { spec: { nodeSelector: { gpu: 'h100' }, tolerations: [{ key: 'gpu' }] } },
  },
  overrides: [
    {
      states: '1',
      podTemplate: {
        metadata: { labels: { team: 'a' } },
        spec: {
          nodeSelector: { zone: 'b' },
          tolerations: [{ key: 'spot' }],
          containers: [{ name: 'trainer', env: [{ name: 'NCCL_DEBUG', value: 'INFO' }] }],
        },
      },
    },
  ],
};

test('a volume of a template replaces ours of the same name: a volume has one source', () => {
  const tmp = { name: 'tmp', ephemeral: { volumeClaimTemplate: {} } };
  const jobs = jobsOf({ execution: { podTemplate: { spec: { volumes: [tmp, { name: 'more', emptyDir: {} }] } } } });
  for (const { spec: job } of jobs) {
    const { volumes } = job.template.spec;
    assert.deepEqual(
      volumes.filter(({ name }) => name === 'tmp'),
      [tmp],
    );
    assert.ok(volumes.some(({ name }) => name === 'run') && volumes.some(({ name }) => name === 'more'));
  }
});

test('templates of run and override are merged, ours winning where children are found by it', () => {
  const [, first, second] = jobsOf(spec);
  assert.deepEqual(first?.spec.template.spec.nodeSelector, { gpu: 'h100' });
  assert.deepEqual(second?.spec.template.spec.nodeSelector, { gpu: 'h100', zone: 'b' });
  assert.deepEqual(second?.spec.template.spec.tolerations, [{ key: 'gpu' }, { key: 'spot' }]);
  assert.equal(second?.spec.template.metadata.labels.team, 'a');
  assert.equal(second?.spec.template.metadata.labels['tspace.dev/run'], 'digits');
  const [container] = second?.spec.template.spec.containers ?? [];
  assert.equal(container?.image, 'trainer:test');
  assert.ok(
    container?.env.some(({ name }) => name === 'NCCL_DEBUG') && container.env.some(({ name }) => name === taskVariable),
  );
});

test('the template of a step comes after that of all pods and before that of an override, and is for its own pods only', () => {
  const select = (zone: string, own: string) => ({ podTemplate: { spec: { nodeSelector: { zone, [own]: 'yes' } } } });
  const jobs = jobsOf({
    schedule: { states: 2 },
    execution: { ...select('a', 'all'), steps: { train: select('b', 'step'), evaluate: select('e', 'step') } },
    overrides: [{ states: '1', ...select('c', 'override') }],
  });
  const selectors = jobs.map(({ metadata, spec }) => [
    metadata.labels['tspace.dev/component'],
    spec.template.spec.nodeSelector,
  ]);
  assert.deepEqual(selectors, [
    ['prepare', { zone: 'a', all: 'yes' }],
    ['train', { zone: 'b', all: 'yes', step: 'yes' }],
    ['train', { zone: 'c', all: 'yes', step: 'yes', override: 'yes' }],
    ['aggregate', { zone: 'a', all: 'yes' }],
    ['sample', { zone: 'a', all: 'yes' }],
    ['evaluate', { zone: 'e', all: 'yes', step: 'yes' }],
  ]);
});

test('GPUs go to training and sampling only, and to preparation where it encodes images', () => {
  const [prepare, train, , aggregate, sample, evaluate] = jobsOf(spec);
  const limits = (job: Job | undefined) => job?.spec.template.spec.containers[0]?.resources.limits;
  assert.deepEqual(limits(train), { 'nvidia.com/gpu': '1', memory: '8Gi' });
  assert.deepEqual(limits(sample), { 'nvidia.com/gpu': '1', memory: '8Gi' });
  assert.deepEqual(limits(prepare), { memory: '8Gi' });
  assert.deepEqual(limits(aggregate), { memory: '8Gi' });
  assert.deepEqual(limits(evaluate), { memory: '8Gi' });
  const codec = { name: 'AutoencoderKL', weights: { volume: { claimName: 'codec' } }, downsampling: 1 };
  const [encoding] = jobsOf({ ...spec, codec, sampling: { clip: false } });
  assert.deepEqual(limits(encoding), { 'nvidia.com/gpu': '1', memory: '8Gi' });
});
