import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  apply,
  children,
  getRun,
  installChart,
  kubectl,
  prepareNamespace,
  skip,
  smallRun,
  until,
  untilPhase,
} from './cluster.ts';

const namespace = 'ddr-e2e-no-pods';

test('Jobs that could get no pods', { skip }, async (t) => {
  before(async () => {
    await installChart();
    await prepareNamespace(namespace);
  });
  after(() => kubectl('delete', 'namespace', namespace, '--wait=false'));

  const conditionOf = async (name: string, type: string) =>
    (await getRun(namespace, name)).status?.conditions?.find((condition) => condition.type === type);

  await t.test(
    'a quota on pods blocks the run with a reason, which waits, and goes on when there is room',
    async () => {
      const quota = {
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'pods' },
        spec: { hard: { pods: '1' } },
      };
      await apply(namespace, quota); // the pod of the data has it
      await until(
        'the quota counts',
        30,
        async () =>
          (await kubectl('get', 'quota', 'pods', '-n', namespace, '-o', 'jsonpath={.status.used.pods}')) === '1',
      );
      await apply(namespace, smallRun('crowded'));
      await untilPhase(namespace, 'crowded', 'Blocked', 90);
      assert.equal((await conditionOf('crowded', 'Ready'))?.reason, 'NoPods');
      assert.equal((await conditionOf('crowded', 'Reconciling'))?.status, 'True');
      await kubectl('delete', 'quota', 'pods', '-n', namespace);
      await untilPhase(namespace, 'crowded', 'Complete', 400); // the Job controller tries again after a growing pause
    },
  );

  await t.test('what the Pod Security level of the namespace forbids is named, and no Job is made', async () => {
    const podTemplate = { spec: { hostNetwork: true } };
    await apply(namespace, smallRun('forbidden', { execution: { steps: { prepare: { podTemplate } } } }));
    await untilPhase(namespace, 'forbidden', 'Blocked', 60);
    const stalled = await conditionOf('forbidden', 'Stalled');
    assert.deepEqual([stalled?.status, stalled?.reason], ['True', 'PodSecurity']);
    assert.match(stalled?.message ?? '', /restricted.*spec\.hostNetwork/);
    assert.deepEqual(await children(namespace, 'forbidden', 'jobs'), []);
  });
});
