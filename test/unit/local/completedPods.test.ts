import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { productOf } from '../../../src/api/layout.ts';
import { taskVariable } from '../../../src/api/task.ts';
import { CompletedPods } from '../../../src/local/completedPods.ts';
import { temporaryFolder } from '../../helpers/folder.ts';

const [address, dataset] = ['0123456789abcdef', 'fedcba9876543210'];
const aggregate = { kind: 'aggregate' as const, directory: 'runs/digits', hash: address, dataset, models: [address] };
const source = { volume: { claimName: 'data', path: 'mnist' } };
const prepare = {
  kind: 'prepare' as const,
  directory: 'runs/digits',
  hash: address,
  dataset: { source, format: 'Idx', image: { size: 28, channels: 1 } },
};

const podOf = (task: object, image = 'any') => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'n', name: `pod-${Math.random()}`, ownerReferences: [{ kind: 'Job', name: 'job' }] as never },
  spec: {
    containers: [
      {
        name: 'trainer',
        image,
        env: [
          { name: taskVariable, value: JSON.stringify(task) },
          { name: 'DDR_RUN_DIR', value: '/volumes/run' },
        ],
        volumeMounts: [{ name: 'run', mountPath: '/volumes/run' }],
      },
    ],
    volumes: [{ name: 'run', persistentVolumeClaim: { claimName: 'claim' } }],
  },
});

/** Records of pods, and a product of the task on the volume. */
function start(t: TestContext, task: Parameters<typeof productOf>[0]) {
  const home = temporaryFolder(t);
  const product = join(home, 'claim', productOf(task, 0));
  mkdirSync(product, { recursive: true });
  writeFileSync(join(product, 'manifest.json'), '{}');
  const open = () => new CompletedPods(join(home, 'completed'), (claim) => join(home, claim));
  return { product, completed: open(), open };
}

test('what an equal pod said when it succeeded is known to the next process', (t) => {
  const { completed, open } = start(t, aggregate);
  assert.equal(completed.find(podOf(aggregate)), undefined);
  completed.save(podOf(aggregate), 'said');
  assert.equal(open().find(podOf(aggregate)), 'said');
});

test('a pod that would be another one, or whose product has changed or gone, must run', (t) => {
  const { completed, product } = start(t, aggregate);
  completed.save(podOf(aggregate), 'said');
  assert.equal(completed.find(podOf(aggregate, 'another')), undefined);
  writeFileSync(join(product, 'manifest.json'), '{"changed": true}');
  assert.equal(completed.find(podOf(aggregate)), undefined);
  rmSync(product, { recursive: true });
  assert.equal(completed.find(podOf(aggregate)), undefined);
});

test('a prepare pod always runs: it looks whether the data have changed', (t) => {
  const { completed } = start(t, prepare);
  completed.save(podOf(prepare), 'said');
  assert.equal(completed.find(podOf(prepare)), undefined);
});

test('a record that is damaged, and a task that the trainer will refuse, are found out by running', (t) => {
  const { completed, product } = start(t, aggregate);
  completed.save(podOf(aggregate), 'said');
  writeFileSync(join(product, '../../../../../completed/n/job-0.json'), '{"spec": ');
  assert.equal(completed.find(podOf(aggregate)), undefined);
  assert.equal(completed.find(podOf({ kind: 'dance' })), undefined);
});
