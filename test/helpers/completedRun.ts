import type { TestContext } from 'node:test';
import { reportFiles, runLayout } from '../../src/api/layout.ts';
import type { KubeObject } from '../../src/operator/kube/client.ts';
import { recordOf, toJson } from '../../src/trainer/artifacts/records.ts';
import { saveShard } from '../../src/trainer/artifacts/samples.ts';
import { sha256 } from '../../src/trainer/formats/digest.ts';
import { exampleReport } from './reports.ts';
import { minimalRun } from './runs.ts';
import { aggregatedRun, type TestStore } from './trainer.ts';

/** A store that holds all that a run of the name `test` has made, and the status that tells of it. */
export interface CompletedRun extends TestStore {
  bundle: { path: string; digest: string };
  results: { path: string; digest: string; sampleCount: number };
}

const shards = 2;
const page = Buffer.from('<p>A report.</p>');

export async function completedRun(t: TestContext): Promise<CompletedRun> {
  const run = await aggregatedRun(t);
  const { store } = run;
  const task = run.evaluateTask();
  const layout = runLayout(task.directory);
  const path = layout.bundle(task.bundle);
  const digest = sha256((await store.read(`${path}/manifest.json`)) ?? '');
  for (let shard = 0; shard < shards; shard++)
    await saveShard(
      store,
      layout.shard(task.samples, shard),
      { hash: task.samples, shard, first: 2 * shard, count: 2, seconds: 1 },
      { images: { shape: [2, 8, 8, 1], data: new Uint8Array(128).fill(shard) }, labels: Int32Array.of(shard, shard) },
    );
  const files = { [reportFiles.page]: page, [reportFiles.samples]: Buffer.from('no picture') };
  const recorded = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, recordOf(bytes)]));
  const example = exampleReport({
    bundle: { path, digest },
    samples: { path: layout.samples(task.samples) },
    files: recorded,
  });
  const json = toJson(example);
  await store.commit(layout.report(task.hash), { ...files, [reportFiles.record]: json });
  return {
    root: run.root,
    store,
    bundle: { path, digest },
    results: { path: layout.report(task.hash), digest: sha256(json), sampleCount: 4 },
  };
}

/** The objects of a cluster on which it ran: the run, its claim, and a Job of its last step. */
export function objectsOf({ bundle, results }: CompletedRun, status: object = {}): KubeObject[] {
  const labels = { 'tspace.dev/run': 'test', 'tspace.dev/component': 'evaluate' };
  return [
    {
      ...minimalRun('test'),
      metadata: { name: 'test', namespace: 'n', uid: 'u', generation: 1 },
      status: { observedGeneration: 1, phase: 'Complete', bundle, results, ...status },
      // Kinds and plurals of tests differ only by an s.
      kind: 'DisentangledDiffusionRun',
    },
    { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'test-checkpoints', namespace: 'n' } },
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'test-evaluate', namespace: 'n', labels },
      spec: { template: { spec: { containers: [{ name: 'trainer', image: 'registry/trainer:1' }] } } },
    },
  ];
}
