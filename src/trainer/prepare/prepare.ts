import { basename, dirname } from 'node:path/posix';
import { compact } from '../../api/compact.ts';
import { datasetKey, runLayout } from '../../api/layout.ts';
import type { PrepareTask } from '../../api/task.ts';
import type { TaskResult } from '../../api/termination.ts';
import { loadPrepared, type PreparedRecord, savePrepared } from '../artifacts/prepared.ts';
import { loadOrQuarantine } from '../artifacts/records.ts';
import { stillStarting, type TrainerContext } from '../context/context.ts';
import { startEngine } from '../context/engine.ts';
import { createEncoder, type Encoder } from '../model/autoencoder/codec.ts';
import type { Autoencoder } from '../model/autoencoder/weights.ts';
import { checkCodec, codecPaths } from './codecFiles.ts';
import { checkEvaluationFiles, type EvaluationDigests, evaluationPaths, leastImages } from './evaluationFiles.ts';
import { scaleOf } from './latents.ts';
import { assertUnchanged, type Origin, openOrigin } from './origin.ts';
import { previousDigest } from './previous.ts';
import { checkPrompts, type Prompts } from './prompts.ts';
import { recordOf, resultOf } from './record.ts';
import { checkWarmStart, warmStartPaths } from './warmStartFiles.ts';
import { isWhole, writeDataset } from './writeDataset.ts';
import { nowAndThen } from './writing.ts';

/**
 * Reads the data and checks them and all that the evaluation will read, and writes the dataset as it will be learned from.
 * What was prepared of the same files before is kept; where they have changed, they are read anew.
 * @throws DdrError InputMissing, InputTruncated, InputForeign, InputUnsafe, InputMismatch naming the file; DataChanged where
 *   files change while they are read; DiskFull, Interrupted
 */
export async function runPrepare(task: PrepareTask, context: TrainerContext): Promise<TaskResult> {
  const { store, logger, volumes } = context;
  const { dataset, evaluation, directory, hash } = task;
  const folder = runLayout(directory).prepared(hash);
  const writer = `${basename(directory)}-${hash}`;
  await store.removePartial({ below: dirname(folder) });
  await store.removePartial({ folder: datasetKey(writer) });
  const tick = nowAndThen(() => stillStarting(context));
  const others = [
    ...(await evaluationPaths(evaluation, volumes)),
    ...(await codecPaths(task, volumes)),
    ...(await warmStartPaths(task, volumes)),
  ];
  const origin = await openOrigin(task, context, others, tick);
  try {
    const found = await origin.fingerprint();
    const before = await loadOrQuarantine(store, folder, () => loadPrepared(store, folder, hash), logger);
    if (before?.source.fingerprint === found && (await isWhole(store, before.dataset.address))) {
      logger.info(
        { path: datasetKey(before.dataset.address) },
        'the files are as they were; the prepared data are kept',
      );
      return resultOf(before);
    }
    const { root } = await origin.place();
    const prompts = task.prompts && (await checkPrompts(task.prompts, dataset, root, () => stillStarting(context)));
    const record = await prepare(task, origin, found, writer, context);
    const previous = (await previousDigest(store, dirname(folder), record)) ?? before?.previous;
    const whole = compact({ ...record, prompts: prompts?.record, previous });
    return resultOf(await save(whole, prompts, folder, before, context));
  } finally {
    await origin.close();
  }
}

async function prepare(
  task: PrepareTask,
  origin: Origin,
  fingerprint: string,
  writer: string,
  context: TrainerContext,
): Promise<PreparedRecord> {
  const { dataset, evaluation, hash } = task;
  const digests: EvaluationDigests =
    evaluation === undefined ? {} : await checkEvaluationFiles(evaluation, context.volumes);
  const warmStart = await checkWarmStart(task, context.volumes, () => stillStarting(context));
  const autoencoder = await checkCodec(task, context.volumes);
  const scale = autoencoder && task.codec && scaleOf(task.codec, autoencoder.config, dataset.image);
  const encoder = autoencoder && (await encoderOf(task, autoencoder, context));
  const place = await origin.place();
  const writing = {
    dataset,
    place,
    scale,
    encoder,
    least: leastImages(evaluation),
    writer,
    assertUnchanged: () => assertUnchanged(fingerprint, origin),
  };
  try {
    const written = await writeDataset(writing, context);
    const others = compact({ ...digests, codec: autoencoder?.digest, warmStart });
    return { ...recordOf(hash, dataset, place, fingerprint, written), ...others };
  } finally {
    encoder?.dispose();
  }
}

/** What makes latents of the images; none where the source has latents. */
async function encoderOf(
  { dataset, threads = 1 }: PrepareTask,
  autoencoder: Autoencoder,
  context: TrainerContext,
): Promise<Encoder | undefined> {
  if (dataset.latents !== undefined) return undefined;
  return createEncoder(await startEngine(threads, context), autoencoder, dataset.image);
}

async function save(
  record: PreparedRecord,
  prompts: Prompts | undefined,
  folder: string,
  before: PreparedRecord | undefined,
  { store, logger, progress }: TrainerContext,
): Promise<PreparedRecord> {
  const { dataset, leftOut, broken, notices, previous } = record;
  for (const notice of notices) logger.warn(notice);
  if (before !== undefined) await store.remove(folder); // it tells of files that are no longer there
  await savePrepared(store, folder, record, prompts?.content());
  progress({ phase: 'Done', done: dataset.count, total: dataset.count });
  const found = { leftOut: leftOut.count, broken: broken.count, previous };
  logger.info(
    { path: datasetKey(dataset.address), digest: dataset.sha256, count: dataset.count, ...found },
    'prepared',
  );
  return record;
}
