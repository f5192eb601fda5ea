import { join } from 'node:path';
import { runLayout } from '../../src/api/layout.ts';
import { exportDiffusers } from '../../src/trainer/artifacts/diffusersFolder.ts';
import { readSafetensors } from '../../src/trainer/formats/safetensors.ts';
import type { NamedValues } from '../../src/trainer/model/parameterGroups.ts';
import type { AggregatedRun } from './trainer.ts';

/** What training.warmStart says of a folder. @param path below the volume */
export const startAt = (path: string) => ({ volume: { claimName: 'other', path } });

/** Where the bundle of a run is on its volume. */
export const bundlePath = ({ sampleTask }: AggregatedRun): string => {
  const { directory, bundle } = sampleTask();
  return runLayout(directory).bundle(bundle);
};

/** Writes the models of a run in diffusers' layout. @returns the folder of the first */
export async function exportedPath(run: AggregatedRun): Promise<string> {
  const { store } = run;
  await exportDiffusers({ store, key: bundlePath(run) }, { store, key: 'exported' });
  return 'exported/model-0000';
}

/** The weights of a bundled model of a run, by name. */
export async function bundledWeights(run: AggregatedRun, index: number): Promise<Record<string, Float32Array>> {
  const file = `${bundlePath(run)}/model-${String(index).padStart(4, '0')}.safetensors`;
  const bytes = (await run.store.read(file)) ?? new Uint8Array();
  const { tensors } = readSafetensors(bytes, join(run.root, file));
  return Object.fromEntries([...tensors].map(([name, { values }]) => [name, values]));
}

export async function collected(weights: AsyncIterable<NamedValues>): Promise<Record<string, Float32Array>> {
  const all: Record<string, Float32Array> = {};
  for await (const { name, values } of weights) all[name] = values;
  return all;
}
