import { runLayout } from '../../api/layout.ts';
import type { TrainTask } from '../../api/task.ts';
import type { TaskResult } from '../../api/termination.ts';
import { statesOfModel } from '../../diffusion/latentStates.ts';
import { openDataset } from '../artifacts/dataset.ts';
import { type FinalRecord, loadFinal, saveFinal } from '../artifacts/finalModel.ts';
import { loadOrQuarantine } from '../artifacts/records.ts';
import { stillStarting, type TrainerContext } from '../context/context.ts';
import { startEngine } from '../context/engine.ts';
import type { ImageSource } from '../data/imageSource.ts';
import { deviceOf } from '../engine/device.ts';
import { createRecordedProgram } from '../engine/recorder.ts';
import { pixelCodec } from '../model/codec.ts';
import { conditioningOf } from '../model/conditioning.ts';
import { totalSize, unetConfig } from '../model/parameters.ts';
import { parameterSpecs } from '../model/unet.ts';
import { oneAhead } from './ahead.ts';
import { startingPoint } from './checkpoints.ts';
import { assertFiniteWeights } from './guards.ts';
import { trainLoop } from './loop.ts';
import { createStepInputs } from './plan.ts';
import { stepProgram } from './step.ts';
import { inTrainingOrder } from './trainingOrder.ts';

const resultOf = ({ weights, images, losses }: FinalRecord): TaskResult => ({
  kind: 'train',
  digest: weights.sha256,
  images,
  loss: losses.at(-1)?.loss ?? null,
});

/** The network of a model, and the program and inputs of its steps. */
async function prepareSteps(task: TrainTask, context: TrainerContext, data: ImageSource) {
  const { training, model } = task;
  const codec = pixelCodec;
  const states = statesOfModel(task.schedule, task.index);
  const config = unetConfig(model, codec.networkShape(data.shape));
  const conditioning = conditioningOf(states.length, model.baseChannels);
  const parameters = parameterSpecs(config, conditioning);
  const images = inTrainingOrder(data, training.seed);
  const inputs = createStepInputs({
    training,
    states,
    timesteps: task.schedule.timesteps,
    conditioning,
    codec,
    images,
  });
  context.logger.info({ states, parameters: totalSize(parameters), threads: training.threads }, 'model');
  await stillStarting(context);
  const tf = await startEngine(training.threads, context, training.xla);
  await stillStarting(context);
  const program = createRecordedProgram(tf, stepProgram(tf, config, conditioning, training));
  return {
    states,
    parameters,
    program,
    device: deviceOf(tf),
    inputsAt: oneAhead(inputs, (seen) => seen + training.batchSize),
  };
}

/**
 * Trains one model, from its newest checkpoint if there is one. An interrupted training ends with the same weights, bit
 * for bit, as one that was not.
 * @throws DdrError Interrupted after saving, Fenced, Diverged, and what opening the dataset throws
 */
export async function runTrain(task: TrainTask, context: TrainerContext): Promise<TaskResult> {
  const { store, logger } = context;
  const folders = runLayout(task.directory).model(task.hash);
  const trained = await loadOrQuarantine(
    store,
    folders.final,
    () => loadFinal(store, folders.final, task.hash),
    logger,
  );
  if (trained !== undefined) {
    logger.info({ digest: trained.record.weights.sha256 }, 'already trained');
    return resultOf(trained.record);
  }

  const attempt = await store.takeAttempt(folders.attempts);
  for (const below of [folders.root, folders.checkpoints]) await store.removePartial({ below });
  const data = await openDataset(store, task.dataset);
  logger.info({ attempt: attempt.number, dataset: task.dataset, images: data.count }, 'training');
  const { states, parameters, program, device, inputsAt } = await prepareSteps(task, context, data);
  const start = await startingPoint(task, folders.checkpoints, parameters, context);
  await stillStarting(context);
  program.write(start.state);

  const { images, seconds, losses, state } = await trainLoop({ task, context, attempt, program, inputsAt, start });
  program.dispose();
  const average = state.average as Float32Array;
  assertFiniteWeights(average, states);
  const dataset = { address: task.dataset, count: data.count, sha256: data.digest };
  const product = { task, parameters, average, image: data.shape, dataset, images, seconds, device, losses };
  const record = await attempt.commit(() => saveFinal(store, folders.final, product));
  // The optimizer's state is four times the model and of no use once the model is there.
  await store.remove(folders.checkpoints);
  logger.info({ digest: record.weights.sha256, seconds: Math.round(seconds) }, 'trained');
  return resultOf(record);
}
