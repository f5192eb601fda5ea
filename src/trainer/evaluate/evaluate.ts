import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { DdrError } from '../../api/errors.ts';
import type { EvaluateTask } from '../../api/task.ts';
import type { TaskResult } from '../../api/termination.ts';
import { commitFolder, readJson, removePartial, sha256, toJson } from '../bundle/commit.ts';
import { finalRecordSchema } from '../bundle/final.ts';
import { type RunLayout, runLayout } from '../bundle/layout.ts';
import { type Manifest, openBundle } from '../bundle/manifest.ts';
import { loadTensorFlow } from '../engine/tensorflow.ts';
import type { TrainerContext } from '../process/context.ts';
import { renderReport } from '../report/html.ts';
import { renderSamples, renderWalk } from '../report/pictures.ts';
import { type Report, reportSchema } from '../report/report.ts';
import { loadShard, type ShardImages } from '../sample/shard.ts';
import { judge } from './judge.ts';

/** Samples that the grid shows. */
const gridSamples = 100;

/** Curves and timing of the bundle's models, as their own records have them. */
async function modelsOf({ models }: Manifest, layout: RunLayout): Promise<Report['models']> {
  return Promise.all(
    models.map(async ({ index, hash, states, prediction, sha256, images }) => {
      const record = await readJson(join(layout.model(hash).final, 'model.json'), finalRecordSchema);
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

/** The first samples of the run, over as many shards as it takes, and the walk. */
async function firstImages(task: EvaluateTask, layout: RunLayout): Promise<ShardImages & { seconds: number }> {
  const parts: Uint8Array[] = [];
  let first: ShardImages | undefined;
  let seconds = 0;
  for (let index = 0; index < task.sampling.shards; index++) {
    const folder = layout.shard(task.samples, index);
    const shard = await loadShard(folder, task.samples);
    if (shard === undefined)
      throw new DdrError('ModelMissing', `there are no samples of shard ${index}`, { where: folder });
    first ??= shard;
    seconds += shard.record.seconds;
    parts.push(shard.images.data);
  }
  const [, ...shape] = first?.images.shape ?? [];
  const size = shape.reduce((product, part) => product * part, 1);
  const data = Buffer.concat(parts).subarray(0, gridSamples * size);
  return { images: { shape: [data.length / size, ...shape], data: new Uint8Array(data) }, walk: first?.walk, seconds };
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

/**
 * Judges the samples and writes the report.
 * @throws DdrError ModelMissing, DigestMismatch, InputMismatch
 */
export async function runEvaluate(task: EvaluateTask, context: TrainerContext): Promise<TaskResult> {
  const layout = runLayout(context.volumes.run, task.directory);
  const target = layout.report(task.hash);
  const path = relative(context.volumes.run, target);
  await removePartial(dirname(target));
  if (!existsSync(target)) {
    const tf = await loadTensorFlow(task.threads);
    const { manifest, digest } = await openBundle(layout.bundle(task.bundle), task.bundle);
    const { images, walk, seconds } = await firstImages(task, layout);
    const judgement = task.evaluation === undefined ? null : await judge(tf, task, task.evaluation, layout, context);
    const report = reportSchema.parse({
      format: 1,
      run: task.run,
      bundle: { path: relative(context.volumes.run, layout.bundle(task.bundle)), digest },
      schedule: { family: manifest.family, alphas: manifest.alphas, timesteps: manifest.timesteps },
      image: manifest.image,
      dataset: manifest.dataset,
      sampling: { ...task.sampling, seconds },
      evaluation:
        judgement === null
          ? null
          : { ...judgement, reference: { ...judgement.reference, count: judgement.reference.count ?? null } },
      models: await modelsOf(manifest, layout),
    });
    const pictures = {
      samples: await renderSamples(images),
      walk: walk === undefined ? undefined : await renderWalk(walk),
    };
    await commitFolder(target, {
      'report.json': toJson(report),
      'report.html': renderReport(report, pictures),
      'samples.png': pictures.samples,
      ...(pictures.walk === undefined ? {} : { 'walk.png': pictures.walk.whole }),
    });
  }
  const report = await readJson(join(target, 'report.json'), reportSchema);
  if (report === undefined) throw new DdrError('DigestMismatch', 'the report has no report.json', { where: target });
  const digest = sha256(Buffer.from(toJson(report)));
  context.logger.info({ path, digest, distance: report.evaluation?.distance }, 'report written');
  return resultOf(report, path, digest);
}
