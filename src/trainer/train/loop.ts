import { setImmediate } from 'node:timers/promises';
import { DdrError } from '../../api/errors.ts';
import { runLayout } from '../../api/layout.ts';
import type { TrainTask } from '../../api/task.ts';
import { statesOfModel } from '../../diffusion/latentStates.ts';
import { type Checkpoint, type CheckpointContent, saveCheckpoint } from '../artifacts/checkpoint.ts';
import type { Attempt } from '../artifacts/store.ts';
import type { TrainerContext } from '../context/context.ts';
import type { InputValues } from '../engine/program.ts';
import { isDue } from './checkpoints.ts';
import { assertFiniteLoss } from './guards.ts';
import { addLoss } from './losses.ts';
import { imagesToSee } from './plan.ts';
import { createSpeedometer } from './speed.ts';

export interface Loop {
  task: TrainTask;
  context: TrainerContext;
  attempt: Attempt;
  /** Takes a step from the state to start from, and gives its loss. */
  step: (inputs: InputValues) => number;
  /** The state that a checkpoint holds, as it is then. */
  state: () => Pick<CheckpointContent, 'vectors' | 'pieces'>;
  /** Inputs of the step that begins after so many images. */
  inputsAt: (seen: number) => Promise<InputValues>;
  start: Trained;
}

/** What a training comes to, besides its weights. */
export type Trained = Omit<Checkpoint, 'state'>;

/** What is waited for; undefined where somebody asks to stop before it comes: data that are streamed may take long. */
async function unlessAborted<T>(value: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const stop = () => resolve(undefined);
  signal.addEventListener('abort', stop);
  try {
    return await Promise.race([value, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
    value.catch(() => {}); // nobody waits for it any more
  }
}

/**
 * Trains until all images have been seen, saving the state now and then and before it is interrupted.
 * @throws DdrError Interrupted after saving, Fenced, Diverged
 */
export async function trainLoop({ task, context, attempt, step, state, inputsAt, start }: Loop): Promise<Trained> {
  const { store, logger, signal, seconds } = context;
  const { batchSize } = task.training;
  const total = imagesToSee(task.training);
  const states = statesOfModel(task.schedule, task.index);
  const { checkpoints } = runLayout(task.directory).model(task.hash);
  const perSecond = createSpeedometer(seconds);
  const origin = seconds() - start.seconds;
  let { images, losses, pending } = start;
  const waits = { data: 0, all: 0 };
  const current = (): Trained => {
    return { hash: task.hash, images, seconds: seconds() - origin, losses, pending };
  };

  while (images < total) {
    const began = seconds();
    const inputs = await unlessAborted(inputsAt(images), signal);
    waits.data += seconds() - began;
    if (inputs !== undefined) {
      const loss = step(inputs);
      images += batchSize;
      assertFiniteLoss(loss, images, states);
      ({ losses, pending } = addLoss({ losses, pending }, loss, images, total / batchSize));
      context.progress({ phase: 'Running', done: images, total, perSecond: perSecond(batchSize, began), loss });
    }
    await setImmediate(); // lets signals in
    waits.all += seconds() - began;
    if (isDue(images, task, total) || signal.aborted) {
      context.progress({ phase: 'Saving', done: images, total });
      const content = { ...current(), ...state() };
      await attempt.commit(() => saveCheckpoint(store, checkpoints, content, task.checkpoints.keep));
      logger.info({ images, loss: losses.at(-1)?.loss }, 'checkpoint');
    }
    if (signal.aborted) throw new DdrError('Interrupted', `stopped after ${images} images; the state is saved`);
  }
  logger.info({ waitedForData: Number((waits.data / (waits.all || 1)).toFixed(4)) }, 'all images are seen');
  return current();
}
