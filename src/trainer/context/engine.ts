import { backendOf } from '../engine/backend.ts';
import { deviceOf } from '../engine/device.ts';
import { loadTensorFlow, type TensorFlow } from '../engine/tensorflow.ts';
import type { TrainerContext } from './context.ts';

const unused =
  'this process was given a GPU, but TensorFlow computes on the CPU: is its image built with TENSORFLOW_PACKAGE=tensorflow, and does the driver fit?';

/**
 * Loads TensorFlow and says what it computes on. Without a GPU that it can use, TensorFlow takes the CPU and says nothing.
 * @param xla see `loadTensorFlow`
 * @throws DdrError EngineUnavailable
 */
export async function startEngine(
  threads: number,
  { logger, gpuGiven }: Pick<TrainerContext, 'logger' | 'gpuGiven'>,
  xla = false,
): Promise<typeof TensorFlow> {
  const tf = await loadTensorFlow(threads, xla);
  const { binding, isUsingGpuDevice } = backendOf(tf);
  const device = isUsingGpuDevice ? 'GPU' : 'CPU';
  logger.info({ device, name: deviceOf(tf), threads, xla, tensorflow: binding.TF_Version }, 'engine');
  if (gpuGiven && !isUsingGpuDevice) logger.warn({ device }, unused);
  return tf;
}
