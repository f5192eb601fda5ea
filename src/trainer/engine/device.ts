import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { backendOf } from './backend.ts';
import type { TensorFlow } from './tensorflow.ts';

/** Where NVIDIA's driver describes the GPUs that this container has, one folder each. */
const driverFolder = '/proc/driver/nvidia/gpus';

function modelIn(file: string): string[] {
  try {
    const name = /^Model:\s*(.+?)\s*$/m.exec(readFileSync(file, 'utf8'))?.[1];
    return name === undefined ? [] : [name];
  } catch {
    return []; // it is for people only
  }
}

/**
 * Names of the GPUs that the driver shows, such as "NVIDIA H100 80GB HBM3", each once. TensorFlow takes one of them and does not
 * say which.
 */
export const gpuNames = (folder = driverFolder): string[] => [
  ...new Set(
    globSync('*/information', { cwd: folder })
      .sort()
      .flatMap((path) => modelIn(join(folder, path))),
  ),
];

/** What TensorFlow computes on: "CPU", or the GPU by its name where the driver tells it. */
export function deviceOf(tf: typeof TensorFlow): string {
  if (!backendOf(tf).isUsingGpuDevice) return 'CPU';
  const names = gpuNames();
  return names.length === 0 ? 'GPU' : names.join(' or ');
}
