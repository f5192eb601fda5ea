import { rm } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { DdrError } from '../../api/errors.ts';
import { runLayout } from '../../api/layout.ts';
import type { TrainTask } from '../../api/task.ts';
import type { TaskResult } from '../../api/termination.ts';
import { takeAttempt } from '../artifacts/attempts.ts';
import { loadNewestCheckpoint, saveCheckpoint } from '../artifacts/checkpoint.ts';
import { loadOrSetAside, removePartial } from '../artifacts/commit.ts';
import { type FinalRecord, loadFinal, saveFinal } from '../artifacts/finalModel.ts';
import { stillStarting, type TrainerContext } from '../context/context.ts';
import { startEngine } from '../context/engine.ts';
import { datasetDigest, readDataset } from '../data/dataset.ts';
import { createRecordedProgram } from '../engine/recorder.ts';
import { initialWeights, totalSize } from '../model/parameters.ts';
import { parameterSpecs } from '../model/unet.ts';
import { addLoss, emptyHistory } from './losses.ts';
import { initialState } from './optimizer.ts';
import { createStepInputs, stepCount, unetConfigOf } from './plan.ts';
import { stepProgram } from './step.ts';

/** Smoothing of the speed that is shown, per step. */
const speedSmoothing = 0.05;

const resultOf = ({ weights, images, losses }: FinalRecord): TaskResult => ({
  kind: 'train',
  digest: weights.sha256,
  images,
  loss: losses.at(-1)?.loss ?? null,
});

/**
 * Trains one model, from its newest checkpoint if there is one. An interrupted training ends with the same weights, bit
 * for bit, as one that was not.
 * @throws DdrError Interrupted after saving, Fenced, Diverged, and what reading the data throws
 */
export async function runTrain(task: TrainTask, context: TrainerContext): Promise<TaskResult> {
  const { logger, signal, seconds } = context;
  const { training } = task;
  const folders = runLayout(context.volumes.run, task.directory).model(task.hash);

  const trained = await loadOrSetAside(folders.final, () => loadFinal(folders.final, task.hash), logger);
  if (trained !== undefined) {
    logger.info({ digest: trained.record.weights.sha256 }, 'already trained');
    return resultOf(trained.record);
  }

  const attempt = await takeAttempt(folders.attempts);
  for (const folder of [folders.root, folders.checkpoints]) await removePartial(folder);
  const data = await readDataset(task.dataset, context.volumes.data, () => stillStarting(context));
  const config = unetConfigOf(task);
  const parameters = parameterSpecs(config);
  const steps = stepCount(training);
  logger.info(
    {
      attempt: attempt.number,
      states: task.states,
      parameters: totalSize(parameters),
      images: data.count,
      threads: training.threads,
    },
    'training',
  );

  await stillStarting(context);
  const tf = await startEngine(training.threads, context);
  await stillStarting(context);
  const program = createRecordedProgram(tf, stepProgram(tf, config, training));
  const checkpoint = await loadNewestCheckpoint(folders.checkpoints, task.hash, (path, error) =>
    logger.warn({ path, error: error.message }, 'damaged checkpoint set aside'),
  );
  await stillStarting(context);
  let step = (checkpoint?.images ?? 0) / training.batchSize;
  let history = checkpoint ?? emptyHistory();
  program.write(checkpoint?.state ?? initialState(initialWeights(parameters, training.seed)));
  if (checkpoint !== undefined) logger.info({ images: checkpoint.images }, 'resumed');

  const spentBefore = checkpoint?.seconds ?? 0;
  const started = seconds();
  const spent = () => spentBefore + seconds() - started;
  const save = async () => {
    context.progress({ phase: 'Saving', done: step * training.batchSize, total: steps * training.batchSize });
    const { losses, pending } = history;
    const images = step * training.batchSize;
    const checkpoint = { hash: task.hash, images, seconds: spent(), losses, pending, state: program.read() };
    await attempt.commit(() => saveCheckpoint(folders.checkpoints, checkpoint, task.checkpoints.keep));
    logger.info({ images, loss: losses.at(-1)?.loss }, 'checkpoint');
  };

  const diverged = (message: string) =>
    new DdrError('Diverged', message, {
      where: `states ${task.states[0]?.state}-${task.states.at(-1)?.state}`,
      hint: 'Lower training.optimizer.learningRate, or set gradientClipNorm; an override can do so for these states only.',
    });
  const inputsOf = createStepInputs(task, config, data);
  const savesUpTo = (images: number) => Math.floor(images / task.checkpoints.everyImages);
  let perSecond: number | undefined;
  while (step < steps) {
    const before = seconds();
    const loss = program.run(inputsOf(step)).loss?.[0] as number;
    step++;
    const images = step * training.batchSize;
    if (!Number.isFinite(loss)) throw diverged(`the loss is ${loss} after ${images} images`);
    history = addLoss(history, loss, images, steps);
    const speed = training.batchSize / (seconds() - before);
    perSecond = perSecond === undefined ? speed : perSecond + speedSmoothing * (speed - perSecond);
    context.progress({ phase: 'Running', done: images, total: steps * training.batchSize, perSecond, loss });
    await setImmediate(); // lets signals in
    const due = step < steps && savesUpTo(images) > savesUpTo(images - training.batchSize);
    if (due || signal.aborted) await save();
    if (signal.aborted) throw new DdrError('Interrupted', `stopped after ${images} images; the state is saved`);
  }

  const average = program.read().average as Float32Array;
  if (!average.every(Number.isFinite)) throw diverged('a weight is no longer a finite number');
  const record = await attempt.commit(() =>
    saveFinal(folders.final, {
      task,
      parameters,
      average,
      dataset: { count: data.count, sha256: datasetDigest(data) },
      images: steps * training.batchSize,
      seconds: spent(),
      losses: history.losses,
    }),
  );
  program.dispose();
  // The optimizer's state is four times the model and of no use once the model is there.
  await rm(folders.checkpoints, { recursive: true, force: true });
  logger.info({ digest: record.weights.sha256, seconds: Math.round(spent()) }, 'trained');
  return resultOf(record);
}
