import { dirname } from 'node:path/posix';
import { reportFiles, runLayout } from '../../api/layout.ts';
import type { EvaluateTask } from '../../api/task.ts';
import type { TaskResult } from '../../api/termination.ts';
import { bundleMoments, openBundle } from '../artifacts/bundle.ts';
import { loadOrName, loadOrQuarantine, readJson, recordOf, toJson } from '../artifacts/records.ts';
import { type Report, reportSchema } from '../artifacts/report.ts';
import type { ArtifactStore } from '../artifacts/store.ts';
import type { TrainerContext } from '../context/context.ts';
import { startEngine } from '../context/engine.ts';
import { backendOf } from '../engine/backend.ts';
import { deviceOf } from '../engine/device.ts';
import { sha256 } from '../formats/digest.ts';
import { renderClasses } from '../report/classes.ts';
import { renderReport } from '../report/html.ts';
import { renderSamples, renderTrajectory } from '../report/pictures.ts';
import { findSignatures } from '../signatures/findings.ts';
import { coverageOf } from './coverage.ts';
import { modelsOf, preparedOf, type Samples, samplesOf } from './gather.ts';
import { judge } from './judge.ts';
import { resultOf } from './result.ts';

interface WrittenReport {
  report: Report;
  /** sha256 of report.json. */
  digest: string;
}

/** @returns undefined where there is none @throws DdrError DigestMismatch where it is damaged */
async function loadReport(store: ArtifactStore, folder: string): Promise<WrittenReport | undefined> {
  const key = `${folder}/${reportFiles.record}`;
  const report = await readJson(store, key, reportSchema);
  if (report === undefined) return undefined;
  return { report, digest: sha256((await store.read(key)) ?? new Uint8Array()) };
}

/** Everything that the report says. The page and its pictures are made from it and from the samples. */
async function compile(task: EvaluateTask, drawn: Samples, context: TrainerContext): Promise<Report> {
  const { store } = context;
  const tf = await startEngine(task.threads, context);
  const bundle = runLayout(task.directory).bundle(task.bundle);
  const [opened, data] = await loadOrName('the bundle', 'aggregation', async () => {
    const found = await openBundle(store, bundle, task.bundle);
    return [found, await bundleMoments(found)] as const;
  });
  const { manifest, digest } = opened;
  const prepared = await preparedOf(task, context);
  const { source, leftOut, broken, notices } = prepared;
  const { evaluation, sampling } = task;
  const guidance = sampling.guidance.scale === 1 ? undefined : sampling.guidance;
  const { schedule, conditions, latents } = manifest;
  const models = await modelsOf(manifest, task, context);
  const { moments: samples, trajectory, seconds } = drawn;
  const coverage = coverageOf(manifest, sampling);
  const judged =
    evaluation === undefined ? null : await judge(tf, task, evaluation, prepared, context, conditions?.labels?.classes);
  const pictures = latents === undefined ? { samples, trajectory } : { samples: undefined, trajectory: undefined };
  return reportSchema.parse({
    format: 2,
    run: task.run,
    bundle: { path: bundle, digest },
    samples: { path: runLayout(task.directory).samples(task.samples) },
    schedule,
    image: manifest.image,
    latents: manifest.latents,
    dataset: { ...manifest.dataset, source, leftOut, broken, notices },
    conditions,
    sampling: { ...sampling, guidance, seconds },
    evaluation: judged && { ...judged, caveats: [...(coverage?.caveats ?? []), ...judged.caveats] },
    models,
    coverage,
    findings: findSignatures({ schedule, eta: sampling.eta, models, data, ...pictures }),
    software: {
      node: process.versions.node,
      tensorflow: backendOf(tf).binding.TF_Version,
      threads: task.threads,
      device: deviceOf(tf),
    },
  } satisfies Report);
}

async function writeReport(task: EvaluateTask, context: TrainerContext, folder: string): Promise<WrittenReport> {
  const drawn = await samplesOf(task, context);
  const { images, trajectory, classes } = drawn;
  const report = await compile(task, drawn, context);
  const samples = { png: await renderSamples(images), count: images.shape[0] as number };
  const picture = trajectory && (await renderTrajectory(trajectory));
  const byClass = await renderClasses(classes, report.image);
  const files: Record<string, Uint8Array> = {
    [reportFiles.page]: Buffer.from(renderReport(report, { samples, trajectory: picture, classes: byClass })),
    [reportFiles.samples]: samples.png,
    ...(picture && { 'trajectory.png': picture.whole }),
    ...(byClass && { 'classes.png': byClass.whole }),
  };
  const recorded = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, recordOf(bytes)]));
  const json = toJson({ ...report, files: recorded } satisfies Report);
  await context.store.commit(folder, { ...files, [reportFiles.record]: json });
  return { report, digest: sha256(Buffer.from(json)) };
}

/**
 * Judges the samples and writes the report. One that is there already is kept.
 * @throws DdrError ModelMissing, DigestMismatch, InputMismatch, DataChanged, Interrupted, and what reading the reference throws
 */
export async function runEvaluate(task: EvaluateTask, context: TrainerContext): Promise<TaskResult> {
  const { store, logger } = context;
  const path = runLayout(task.directory).report(task.hash);
  await store.removePartial({ below: dirname(path) });
  const { report, digest } =
    (await loadOrQuarantine(store, path, () => loadReport(store, path), logger)) ??
    (await writeReport(task, context, path));
  const metrics = report.evaluation?.metrics.map(({ name, value }) => ({ name, value }));
  logger.info({ path, digest, metrics }, 'report written');
  context.progress({ phase: 'Done', done: report.sampling.count, total: report.sampling.count });
  return resultOf(report, path, digest);
}
