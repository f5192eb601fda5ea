import type { Run } from '../../api/run.ts';
import type { AggregateTask, EvaluateTask, SampleTask, TrainTask } from '../../api/task.ts';
import { type ModelPlan, runDirectory, type StepHashes } from './identity.ts';

export function trainTask(run: Run, { index, hash, states, settings }: ModelPlan): TrainTask {
  const { schedule, dataset, checkpoints } = run.spec;
  return {
    kind: 'train',
    directory: runDirectory(run),
    index,
    hash,
    states,
    timesteps: schedule.timesteps,
    dataset,
    model: settings.model,
    training: settings.training,
    checkpoints: { everyImages: checkpoints.everyImages, keep: checkpoints.keep },
  };
}

export function aggregateTask(run: Run, models: readonly ModelPlan[], { bundle }: StepHashes): AggregateTask {
  const { schedule, dataset } = run.spec;
  return {
    kind: 'aggregate',
    directory: runDirectory(run),
    hash: bundle,
    image: dataset.image,
    timesteps: schedule.timesteps,
    family: schedule.family,
    alphas: schedule.alphas,
    dataset,
    models: models.map(({ index, hash, states, settings }) => ({
      index,
      hash,
      states,
      model: settings.model,
      prediction: settings.training.prediction,
    })),
  };
}

export function sampleTask(run: Run, { bundle, samples }: StepHashes): SampleTask {
  const { sampling, evaluation, training } = run.spec;
  return {
    kind: 'sample',
    directory: runDirectory(run),
    hash: samples,
    bundle,
    sampling,
    threads: training.threads,
    ...(evaluation === undefined ? {} : { extractor: evaluation.extractor }),
  };
}

export function evaluateTask(run: Run, { bundle, samples, report }: StepHashes): EvaluateTask {
  const { metadata, spec } = run;
  return {
    kind: 'evaluate',
    directory: runDirectory(run),
    hash: report,
    run: { name: metadata.name, namespace: metadata.namespace },
    bundle,
    samples,
    sampling: spec.sampling,
    threads: spec.training.threads,
    dataset: spec.dataset,
    ...(spec.evaluation === undefined ? {} : { evaluation: spec.evaluation }),
  };
}
