import { backendOf } from '../engine/backend.ts';
import { loadTensorFlow, type TensorFlow } from '../engine/tensorflow.ts';
import type { TrainerContext } from './context.ts';

const unused =
  'this process was given a GPU, but TensorFlow computes on the CPU: is its image built with TENSORFLOW_PACKAGE=tensorflow, and does the driver fit?';

/**
 * Loads TensorFlow and says what it computes on. Without a GPU that it can use, TensorFlow takes the CPU and says nothing.
 * @throws DdrError EngineUnavailable
 */
export async function startEngine(
  threads: number,
  { logger, gpuGiven }: Pick<TrainerContext, 'logger' | 'gpuGiven'>,
): Promise<typeof TensorFlow> {
  const tf = await loadTensorFlow(threads);
  const { binding, isUsingGpuDevice } = backendOf(tf);
  const device = isUsingGpuDevice ? 'GPU' : 'CPU';
  logger.info({ device, threads, tensorflow: binding.TF_Version }, 'engine');
  if (gpuGiven && !isUsingGpuDevice) logger.warn({ device }, unused);
  return tf;
}
