import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labels } from '../../../../src/api/names.ts';
import { parseTask, taskVariable } from '../../../../src/api/task.ts';
import { unreadData } from '../../../../src/operator/plan/identity.ts';
import { allChildren } from '../../../../src/operator/plan/render.ts';
import { runOf, settings } from '../../../helpers/simulation.ts';

interface Job {
  kind: string;
  metadata: {
    name: string;
    labels: Record<string, string>;
    annotations?: object;
    ownerReferences: { uid: string; controller: boolean }[];
  };
  spec: {
    backoffLimit: number;
    completions?: number;
    parallelism?: number;
    template: {
      metadata: { labels: Record<string, string> };
      spec: {
        nodeSelector?: Record<string, string>;
        tolerations?: object[];
        automountServiceAccountToken: boolean;
        securityContext: { runAsNonRoot: boolean };
        volumes: { name: string }[];
        containers: {
          name: string;
          image: string;
          args: string[];
          env: { name: string; value: string }[];
          resources: { limits?: Record<string, string> };
          securityContext: { readOnlyRootFilesystem: boolean };
          volumeMounts: { mountPath: string; readOnly?: boolean }[];
        }[];
      };
    };
  };
}

function jobsOf(spec: Record<string, unknown>): Job[] {
  return allChildren(runOf(spec), unreadData, settings).filter(({ kind }) => kind === 'Job') as unknown as Job[];
}

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
  assert.equal(task.kind === 'prepare' && task.dataset.source.volume.path, path);
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

test('GPUs go to training and sampling only; sampling is sharded within maxParallel', () => {
  const [prepare, train, , aggregate, sample, evaluate] = jobsOf(spec);
  const limits = (job: Job | undefined) => job?.spec.template.spec.containers[0]?.resources.limits;
  assert.deepEqual(limits(train), { 'nvidia.com/gpu': '1', memory: '8Gi' });
  assert.deepEqual(limits(sample), { 'nvidia.com/gpu': '1', memory: '8Gi' });
  assert.deepEqual(limits(prepare), { memory: '8Gi' });
  assert.deepEqual(limits(aggregate), { memory: '8Gi' });
  assert.deepEqual(limits(evaluate), { memory: '8Gi' });
  assert.deepEqual([sample?.spec.completions, sample?.spec.parallelism], [3, 2]);
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
