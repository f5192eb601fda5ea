import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { temporaryFolder } from '../helpers/folder.ts';
import { digestsInBucket, place, putDigits, secret, skip, undisturbed, withSpec } from './bucket.ts';
import {
  apply,
  dump,
  getRun,
  installBeside,
  installChart,
  kubectl,
  release,
  run,
  scaleOperator,
  smallRun,
  systemNamespace,
  until,
  untilPhase,
} from './cluster.ts';
import { untilTraining } from './trainers.ts';

/** Each has an operator of its own, that sees nothing else: what they share is a bucket. */
const [here, there] = ['ddr-e2e-here', 'ddr-e2e-there'] as const;
const clusters = [here, there];
const store = 'ddr-e2e-clusters/runs';

const shareOf = (execution: object) =>
  smallRun('shared', {
    schedule: { states: 4 },
    dataset: {
      source: { s3: place('ddr-e2e-clusters/digits') },
      format: 'WebDataset',
      image: { size: 28, channels: 1 },
    },
    training: { images: 1920, batchSize: 32, threads: 1, seed: 3 },
    checkpoints: { objectStore: place(store), everyImages: 320 },
    execution: {
      maxParallel: 2,
      resources: { requests: { cpu: '100m', memory: '512Mi' }, limits: { 'nvidia.com/gpu': '1' } },
      ...execution,
    },
  });

test('two clusters train a share each into one bucket', { skip }, async (t) => {
  before(async () => {
    await installChart(); // it has the CRD; two operators must not act on the same runs
    await scaleOperator(systemNamespace, release, 0);
    for (const namespace of clusters) {
      await kubectl('create', 'namespace', namespace).catch(() => {});
      await apply(namespace, secret);
      await installBeside('share', namespace, namespace);
    }
    await putDigits('ddr-e2e-clusters/digits');
  });
  after(async () => {
    for (const namespace of clusters) {
      await kubectl('delete', 'ddr', '--all', '-n', namespace, '--wait=false').catch(() => {});
      await run('helm', ['uninstall', 'share', '--namespace', namespace]).catch(() => {});
      await kubectl('delete', 'namespace', namespace, '--wait=false');
    }
    await scaleOperator(systemNamespace, release, 2);
  });
  afterEach(async (context) => {
    if ('passed' in context && context.passed === false)
      for (const namespace of clusters) await dump(namespace, context.name);
  });

  await t.test('one is off for a while; the other waits, and then has what a run of one has', async (t) => {
    await apply(here, shareOf({ states: '0-1' }));
    await apply(there, shareOf({ states: '2-3', aggregate: false }));
    await untilTraining(there, 'shared', 320);
    await scaleOperator(there, 'share', 0);
    await kubectl('delete', 'jobs', '--all', '-n', there, '--wait');

    await until('the models of the other are awaited', 240, async () => {
      const { status } = await getRun(here, 'shared');
      return status?.phase === 'Aggregating' && status.models?.awaited === 2;
    });
    await scaleOperator(there, 'share', 1);
    const share = await untilPhase(there, 'shared', 'Complete', 300);
    assert.equal(share.status?.models?.summary, '2/2 of 4');
    const { status } = await untilPhase(here, 'shared', 'Complete', 300);
    const digests = await digestsInBucket(store, status?.bundle?.path ?? '');
    assert.equal(digests.length, 4);
    const whole = withSpec(shareOf({}), { checkpoints: { volume: { shared: { size: '1Gi' } }, everyImages: 320 } });
    assert.deepEqual(digests, await undisturbed(temporaryFolder(t), whole));
  });
});
