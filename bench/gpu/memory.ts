import { execFileSync } from 'node:child_process';

/**
 * Bytes in use on the GPU: TensorFlow gives nothing back, so that after some steps it is the peak, rounded up to what was
 * reserved. null where nvidia-smi cannot be asked.
 */
export function gpuMemoryBytes(): number | null {
  try {
    const options = ['--query-gpu=memory.used', '--format=csv,noheader,nounits'];
    const output = execFileSync('nvidia-smi', options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return Math.max(...output.trim().split('\n').map(Number)) * 2 ** 20;
  } catch {
    return null;
  }
}
