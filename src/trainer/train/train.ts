import { runLayout } from '../../api/layout.ts';
import type { TrainTask } from '../../api/task.ts';
import type { TaskResult } from '../../api/termination.ts';
import { statesOfModel } from '../../diffusion/latentStates.ts';
import type { Checkpoint } from '../artifacts/checkpoint.ts';
import { conditionsOf } from '../artifacts/conditions.ts';
import { contentAddress, type OpenedDataset, openDataset } from '../artifacts/dataset.ts';
import { type FinalRecord, loadFinal, saveFinal } from '../artifacts/finalModel.ts';
import { loadOrQuarantine } from '../artifacts/records.ts';
import { stillStarting, type TrainerContext } from '../context/context.ts';
import { startEngine } from '../context/engine.ts';
import { streamingOf } from '../context/streaming.ts';
import { bytesPerImage } from '../data/imageSource.ts';
import { deviceOf } from '../engine/device.ts';
import type { Program } from '../engine/program.ts';
import { createRecordedProgram } from '../engine/recorder.ts';
import { conditioningOf } from '../model/conditioning.ts';
import type { NamedValues } from '../model/parameterGroups.ts';
import { type ParameterSpec, totalSize } from '../model/parameters.ts';
import { beginnerOf } from '../warmStart/beginner.ts';
import { batchesAhead, readAhead } from './ahead.ts';
import { startingPoint } from './checkpoints.ts';
import { onlyFinite } from './guards.ts';
import { learnedImages } from './learned.ts';
import { trainLoop } from './loop.ts';
import { createStep } from './microBatches.ts';
import { averageNames, stateNames } from './optimizer.ts';
import { createStepInputs, imagesToSee } from './plan.ts';
import { initialState, piecesOf, stateOf, withGradients } from './state.ts';
import { samplesAtOnce, stepProgram } from './step.ts';
import { startingWeights } from './warmStart.ts';

const resultOf = ({ weights, images, losses }: FinalRecord): TaskResult => ({
  kind: 'train',
  digest: weights.sha256,
  images,
  loss: losses.at(-1)?.loss ?? null,
});

/** The network of a model, and the program and inputs of its steps. */
async function prepareSteps(task: TrainTask, context: TrainerContext, data: OpenedDataset) {
  const { training, model } = task;
  const states = statesOfModel(task.schedule, task.index);
  const images = learnedImages(data, training);
  const conditions = conditionsOf(data.record);
  const conditioning = conditioningOf(states.length, model, conditions);
  const { prediction } = training;
  const network = beginnerOf({ model, prediction }, states.length, images.shape, conditions);
  const { config, specs: parameters } = network;
  const inputs = createStepInputs({
    training,
    states,
    timesteps: task.schedule.timesteps,
    conditioning,
    images,
  });
  context.logger.info({ states, parameters: totalSize(parameters), threads: training.threads }, 'model');
  await stillStarting(context);
  const tf = await startEngine(training.threads, context, training.xla);
  await stillStarting(context);
  const spec = stepProgram(tf, config, conditioning, training);
  const program = createRecordedProgram(tf, spec);
  const step = createStep(program, spec, training);
  const { batchSize } = training;
  const bytes = batchSize * bytesPerImage(images.shape) * Float32Array.BYTES_PER_ELEMENT;
  const after = (seen: number) => (seen + batchSize < imagesToSee(training) ? seen + batchSize : undefined);
  const inputsAt = readAhead(inputs, after, batchesAhead(task.stream !== undefined, bytes));
  return { states, network, parameters, program, step, device: deviceOf(tf), inputsAt };
}

/** Gives a program the state of a checkpoint, or that which training begins with. @param weights to begin with */
function writeStart(
  program: Program,
  { training }: TrainTask,
  parameters: readonly ParameterSpec[],
  { state }: Checkpoint,
  weights: AsyncIterable<NamedValues> | undefined,
): Promise<void> {
  const start =
    state === undefined ? initialState(parameters, training, weights) : stateOf(parameters, training.ema, state.read);
  const adds = samplesAtOnce(training) < training.batchSize;
  return program.write(adds ? withGradients(parameters, start) : start);
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
    logger.info({ digest: trained.weights.sha256 }, 'already trained');
    return resultOf(trained);
  }

  const attempt = await store.takeAttempt(folders.attempts);
  for (const below of [folders.root, folders.checkpoints]) await store.removePartial({ below });
  const data = await openDataset(store, task.dataset, streamingOf(task, context));
  logger.info({ attempt: attempt.number, dataset: task.dataset, images: data.count }, 'training');
  const { states, network, parameters, program, step, device, inputsAt } = await prepareSteps(task, context, data);
  const start = await startingPoint(task, folders.checkpoints, context);
  await stillStarting(context);
  const weights = start.state === undefined ? await startingWeights(task, network, states, context) : undefined;
  await writeStart(program, task, parameters, start, weights);

  const { ema } = task.training;
  const vectors = { names: stateNames(ema), size: totalSize(parameters) };
  const state = () => ({ vectors, pieces: piecesOf(program, parameters, vectors.names) });
  const { images, seconds, losses } = await trainLoop({ task, context, attempt, step, state, inputsAt, start });
  const averages = averageNames(ema).map((name) => onlyFinite(piecesOf(program, parameters, [name]), states));
  const dataset = { address: contentAddress(data.digest), count: data.count, sha256: data.digest };
  const product = { task, parameters, averages, image: data.shape, dataset, images, seconds, device, losses };
  const record = await attempt.commit(() => saveFinal(store, folders.final, product));
  program.dispose();
  // The optimizer's state is four times the model and of no use once the model is there.
  await store.remove(folders.checkpoints);
  logger.info({ digest: record.weights.sha256, seconds: Math.round(seconds) }, 'trained');
  return resultOf(record);
}
