// A process that "trains" a vector and commits a checkpoint after every step, as the trainer does: made to be killed.
//   STORE='{"root": folder}' or '{"place": …, "credentials": …}' node checkpointProcess.ts STEPS
import { runLayout } from '../../src/api/layout.ts';
import { loadNewestCheckpoint, saveCheckpoint } from '../../src/trainer/artifacts/checkpoint.ts';
import { createPosixStore } from '../../src/trainer/artifacts/posixStore.ts';
import { toJson } from '../../src/trainer/artifacts/records.ts';
import type { ArtifactStore } from '../../src/trainer/artifacts/store.ts';
import { sha256 } from '../../src/trainer/formats/digest.ts';

const size = 500;

/** Tells every step from every other, in every value: a vector that is mixed of two steps ends as none does. */
export const advance = (values: Float32Array, step: number): Float32Array =>
  values.map((value, i) => Math.fround(0.9 * value + Math.sin(step * 7 + i)));

export const folders = runLayout('runs/test').model('model');

/** What a process that nobody disturbs ends with. */
export function digestAfter(steps: number): string {
  let values = new Float32Array(size);
  for (let step = 0; step < steps; step++) values = new Float32Array(advance(values, step));
  return sha256(new Uint8Array(values.buffer));
}

async function openStore(): Promise<ArtifactStore> {
  const { root, place, credentials } = JSON.parse(process.env.STORE ?? '{}');
  if (root !== undefined) return createPosixStore(root);
  const { openS3Store } = await import('../../src/trainer/artifacts/s3Store.ts');
  return openS3Store(place, credentials);
}

async function train(steps: number): Promise<void> {
  const store = await openStore();
  const attempt = await store.takeAttempt(folders.attempts);
  for (const below of [folders.root, folders.checkpoints]) await store.removePartial({ below });
  console.log('started');
  const fail = (path: string, error: Error) => {
    throw new Error(`${path} is damaged: ${error.message}`);
  };
  const newest = await loadNewestCheckpoint(store, folders.checkpoints, 'model', fail);
  let values = (await newest?.state?.read('a')) ?? new Float32Array(size);
  for (let step = newest?.images ?? 0; step < steps; step++) {
    values = advance(values, step);
    const now = { hash: 'model', images: step + 1, seconds: 0, losses: [], pending: { sum: 0, count: 0 } };
    const content = { ...now, vectors: { names: ['a'], size }, pieces: [values] };
    await attempt.commit(() => saveCheckpoint(store, folders.checkpoints, content, 2));
  }
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const record = toJson({ sha256: sha256(bytes) });
  await attempt.commit(() => store.commit(folders.final, { weights: bytes, record }));
  await store.remove(folders.checkpoints);
}

if (import.meta.main) await train(Number(process.argv[2]));
