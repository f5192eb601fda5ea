import type { TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { type LocalCluster, startLocalCluster } from '../../src/local/localCluster.ts';
import type { KubeObject } from '../../src/operator/kube/client.ts';
import { systemClock } from '../../src/operator/kube/clock.ts';
import { observeJob, observePod } from '../../src/operator/plan/observed.ts';
import { types } from '../../src/operator/types.ts';
import { temporaryFolder } from './folder.ts';
import { silent } from './manualClock.ts';

/** A cluster whose image runs a line of JavaScript, the Job's only argument. */
export function startTestCluster(t: TestContext, capacity = 4): LocalCluster {
  const local = startLocalCluster({
    clock: systemClock,
    random: () => 0,
    logger: silent,
    home: temporaryFolder(t),
    volumes: new Map(),
    commandOf: () => [process.execPath, '-e'],
    capacity,
  });
  t.after(() => local.stop());
  return local;
}

/** A Job with a container that has the claim `claim` at /volumes/run and its path in DIR. */
export function job(script: string, spec: object = {}): KubeObject {
  const rules = [
    { action: 'FailJob', onExitCodes: { operator: 'In', values: [65] } },
    { action: 'Ignore', onExitCodes: { operator: 'In', values: [75] } },
  ];
  const containers = [
    {
      name: 'trainer',
      image: 'any',
      args: [script],
      env: [{ name: 'DIR', value: '/volumes/run' }],
      volumeMounts: [{ name: 'run', mountPath: '/volumes/run' }],
    },
  ];
  const template = {
    metadata: { labels: { app: 'x' } },
    spec: {
      terminationGracePeriodSeconds: 2,
      containers,
      volumes: [{ name: 'run', persistentVolumeClaim: { claimName: 'claim' } }],
    },
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace: 'n', name: 'job' },
    spec: { backoffLimit: 1, podFailurePolicy: { rules }, template, ...spec },
  };
}

export async function untilFinished({ objects }: LocalCluster) {
  for (let i = 0; i < 200; i++) {
    const found = objects.get(types.job, 'n/job');
    if (found !== undefined && observeJob(found).finished !== undefined) return observeJob(found);
    await wait(50);
  }
  throw new Error('the Job did not end');
}

export const podsOf = ({ objects }: LocalCluster) => objects.list(types.pod).map(observePod);

export async function untilRunning(local: LocalCluster, count = 1) {
  for (let i = 0; i < 100; i++) {
    const running = podsOf(local).filter(({ phase }) => phase === 'Running');
    if (running.length >= count) return running;
    await wait(50);
  }
  throw new Error('no pod runs');
}
