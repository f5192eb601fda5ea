import { spawn } from 'node:child_process';
import type { TestContext } from 'node:test';
import { children, getRun, type Named, until } from './cluster.ts';

export const trainPods = async (namespace: string, run: string): Promise<Named[]> =>
  (await children(namespace, run, 'pods')).filter(
    ({ metadata }) => metadata.labels?.['tspace.dev/component'] === 'train',
  );

export const isRunning = ({ metadata, status }: Named): boolean =>
  status?.phase === 'Running' && metadata.deletionTimestamp === undefined;

/** Waits until a run has trained some images and one of its pods is training, and gives the pod. */
export const untilTraining = (namespace: string, run: string, images = 1): Promise<Named> =>
  until(`${run} is in mid-training`, 120, async () => {
    const { status } = await getRun(namespace, run);
    if (status?.phase === 'Complete') throw new Error(`${run} ended before it could be disturbed`);
    const pod = (await trainPods(namespace, run)).find(isRunning);
    return (status?.progress?.images ?? 0) >= images && pod !== undefined ? pod : undefined;
  });

/** Follows the training pods of a run until the test ends: every name that was ever there, and how many ran at once at most. */
export function watchPods(
  t: TestContext,
  namespace: string,
  run: string,
): () => { most: number; seen: readonly string[] } {
  const running = new Set<string>();
  const seen = new Set<string>();
  let most = 0;
  let rest = '';
  const child = spawn('kubectl', [
    'get',
    'pods',
    '-n',
    namespace,
    '-l',
    `tspace.dev/run=${run},tspace.dev/component=train`,
    '--watch',
    '-o',
    'jsonpath={.metadata.name} {.status.phase}{"\\n"}',
  ]);
  child.stdout.on('data', (chunk: Buffer) => {
    rest += chunk.toString();
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [name = '', phase = ''] = line.split(' ');
      seen.add(name);
      // A pending pod will run: it counts from the moment it is there.
      if (phase === 'Running' || phase === 'Pending') running.add(name);
      else running.delete(name);
      most = Math.max(most, running.size);
    }
  });
  t.after(() => child.kill());
  return () => ({ most, seen: [...seen] });
}
