import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { DdrError } from '../../api/errors.ts';
import { type RunLayout, runLayout } from '../../api/layout.ts';
import type { EvaluateTask } from '../../api/task.ts';
import type { TaskResult } from '../../api/termination.ts';
import { type Manifest, openBundle } from '../artifacts/bundle.ts';
import {
  commitFolder,
  loadOrName,
  loadOrSetAside,
  makeAnew,
  readJson,
  removePartial,
  toJson,
} from '../artifacts/commit.ts';
import { finalRecordSchema } from '../artifacts/finalModel.ts';
import { type Report, reportSchema } from '../artifacts/report.ts';
import { loadShard, type ShardImages } from '../artifacts/samples.ts';
import { stillStarting, type TrainerContext } from '../context/context.ts';
import { startEngine } from '../context/engine.ts';
import { backendOf } from '../engine/backend.ts';
import { sha256 } from '../formats/digest.ts';
import { renderReport } from '../report/html.ts';
import { renderSamples, renderWalk } from '../report/pictures.ts';
import { judge } from './judge.ts';

/** Samples that the grid shows. */
const gridSamples = 100;

/** Curves and timing of the bundle's models, as their own records have them. */
async function modelsOf({ models }: Manifest, layout: RunLayout): Promise<Report['models']> {
  return Promise.all(
    models.map(async ({ index, hash, states, prediction, sha256, images }) => {
      const [name, path] = [`model ${index}`, join(layout.model(hash).final, 'model.json')];
      const record = await loadOrName(name, name, () => readJson(path, finalRecordSchema));
      return {
        index,
        hash,
        states,
        prediction,
        digest: sha256,
        images,
        seconds: record?.seconds ?? null,
        losses: record?.losses ?? [],
      };
    }),
  );
}

/** The samples that the grid shows, the walk, and how long drawing took. All shards are read, and so verified. */
async function samplesOf(
  task: EvaluateTask,
  layout: RunLayout,
  context: TrainerContext,
): Promise<ShardImages & { seconds: number }> {
  const shown: Uint8Array[] = [];
  let missing = gridSamples;
  let first: ShardImages | undefined;
  let seconds = 0;
  for (let index = 0; index < task.sampling.shards; index++) {
    const folder = layout.shard(task.samples, index);
    const shard = await loadOrName(`shard ${index}`, 'sampling', () => loadShard(folder, task.samples));
    if (shard === undefined)
      throw new DdrError('ModelMissing', `there are no samples of shard ${index}`, {
        where: folder,
        hint: makeAnew('sampling'),
      });
    first ??= shard;
    seconds += shard.record.seconds;
    const { shape, data } = shard.images;
    const count = Math.min(missing, shard.record.count);
    shown.push(data.slice(0, (count * data.length) / (shape[0] as number)));
    missing -= count;
    await stillStarting(context);
  }
  const [, ...shape] = first?.images.shape ?? [];
  return {
    images: { shape: [gridSamples - missing, ...shape], data: new Uint8Array(Buffer.concat(shown)) },
    walk: first?.walk,
    seconds,
  };
}

const resultOf = (report: Report, path: string, digest: string): TaskResult => ({
  kind: 'evaluate',
  path,
  digest,
  sampleCount: report.sampling.count,
  ...(report.evaluation === null
    ? {}
    : {
        metric: report.evaluation.metric,
        frechetDistance: report.evaluation.distance,
        extractor: report.evaluation.extractor,
        extractorDigest: report.evaluation.extractorDigest,
        ...(report.evaluation.reference.count === null ? {} : { referenceCount: report.evaluation.reference.count }),
      }),
});

interface WrittenReport {
  report: Report;
  /** sha256 of report.json. */
  digest: string;
}

/** @returns undefined where there is none @throws DdrError DigestMismatch where it is damaged */
async function loadReport(folder: string): Promise<WrittenReport | undefined> {
  if (!existsSync(folder)) return undefined;
  const path = join(folder, 'report.json');
  const report = await readJson(path, reportSchema);
  if (report === undefined) throw new DdrError('DigestMismatch', 'the report has no report.json', { where: folder });
  return { report, digest: sha256(await readFile(path)) };
}

async function writeReport(
  task: EvaluateTask,
  context: TrainerContext,
  layout: RunLayout,
  target: string,
): Promise<WrittenReport> {
  const tf = await startEngine(task.threads, context);
  const { manifest, digest } = await loadOrName('the bundle', 'aggregation', () =>
    openBundle(layout.bundle(task.bundle), task.bundle),
  );
  const { images, walk, seconds } = await samplesOf(task, layout, context);
  const report: Report = {
    format: 1,
    run: task.run,
    bundle: { path: relative(context.volumes.run, layout.bundle(task.bundle)), digest },
    schedule: { family: manifest.family, alphas: manifest.alphas, timesteps: manifest.timesteps },
    image: manifest.image,
    dataset: manifest.dataset,
    sampling: { ...task.sampling, seconds },
    evaluation: task.evaluation === undefined ? null : await judge(tf, task, task.evaluation, layout, context),
    models: await modelsOf(manifest, layout),
    software: { node: process.versions.node, tensorflow: backendOf(tf).binding.TF_Version, threads: task.threads },
  };
  const samples = { png: await renderSamples(images), count: images.shape[0] as number };
  const walkPicture = walk === undefined ? undefined : await renderWalk(walk);
  const json = toJson(reportSchema.parse(report));
  await commitFolder(target, {
    'report.json': json,
    'report.html': renderReport(report, { samples, walk: walkPicture }),
    'samples.png': samples.png,
    ...(walkPicture === undefined ? {} : { 'walk.png': walkPicture.whole }),
  });
  return { report, digest: sha256(Buffer.from(json)) };
}

/**
 * Judges the samples and writes the report. One that is there already is kept.
 * @throws DdrError ModelMissing, DigestMismatch, InputMismatch, Interrupted, and what reading the reference throws
 */
export async function runEvaluate(task: EvaluateTask, context: TrainerContext): Promise<TaskResult> {
  const layout = runLayout(context.volumes.run, task.directory);
  const target = layout.report(task.hash);
  const path = relative(context.volumes.run, target);
  await removePartial(dirname(target));
  const { report, digest } =
    (await loadOrSetAside(target, () => loadReport(target), context.logger)) ??
    (await writeReport(task, context, layout, target));
  context.logger.info({ path, digest, distance: report.evaluation?.distance }, 'report written');
  context.progress({ phase: 'Done', done: report.sampling.count, total: report.sampling.count });
  return resultOf(report, path, digest);
}
