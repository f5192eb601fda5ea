import util from 'node:util';
import type * as TensorFlow from '@tensorflow/tfjs-node-gpu';
import { DdrError } from '../../api/errors.ts';

export type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
export type { TensorFlow };

/**
 * The names under which TensorFlow's C library reads its thread counts, once, when it is loaded: threads inside an op, and
 * ops at a time.
 */
const threadVariables = ['TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS'] as const;

/** What TensorFlow's C library reads once: XLA for whole sessions, on CPUs too, where it is else left out. */
const xlaFlags = '--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit';

let loaded: { tf: typeof TensorFlow; threads: number; xla: boolean } | undefined;

/**
 * Loads TensorFlow into this process, once, with a fixed number of threads: sums are ordered by it, so results depend on it.
 * @param xla whether XLA compiles what it can of recorded programs; their numbers are others then
 * @throws DdrError EngineUnavailable where the native addon cannot be loaded, or was loaded with other settings before
 */
export async function loadTensorFlow(threads: number, xla = false): Promise<typeof TensorFlow> {
  if (loaded !== undefined) {
    if (loaded.threads === threads && loaded.xla === xla) return loaded.tf;
    const named = (count: number, compiled: boolean) => `${count} threads${compiled ? ' and XLA' : ''}`;
    throw new DdrError(
      'EngineUnavailable',
      `TensorFlow already runs with ${named(loaded.threads, loaded.xla)}, not ${named(threads, xla)}`,
      { hint: 'A process can have one thread count only, with XLA or without.' },
    );
  }
  for (const name of threadVariables) process.env[name] = String(threads);
  if (xla) process.env.TF_XLA_FLAGS = [process.env.TF_XLA_FLAGS ?? '', xlaFlags].join(' ').trim();
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
  process.noDeprecation = true; // tfjs calls deprecated functions of Node's, which a user can do nothing about
  // tfjs-node 4.22 calls two functions of Node's: one that Node 23 removed, and one that warns on every start.
  Object.assign(util, {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray,
  });
  try {
    // A CommonJS package: its exports are the default export.
    const { default: tf } = (await import('@tensorflow/tfjs-node-gpu')) as unknown as { default: typeof TensorFlow };
    tf.env().set('PROD', true);
    loaded = { tf, threads, xla };
    return tf;
  } catch (cause) {
    throw new DdrError('EngineUnavailable', `TensorFlow's native addon could not be loaded: ${String(cause)}`, {
      hint: 'Run `sh scripts/setup.sh`, which fetches libtensorflow and compiles the addon.',
      cause,
    });
  }
}
