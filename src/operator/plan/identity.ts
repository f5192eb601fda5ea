import { type EffectiveSettings, effectiveSettings } from '../../api/effective.ts';
import { contentHash } from '../../api/hash.ts';
import type { Run } from '../../api/run.ts';
import type { PodTemplate } from '../../api/spec/execution.ts';
import type { Spec } from '../../api/spec/spec.ts';
import type { LatentState } from '../../api/task.ts';
import { latentStates, partitionModels } from '../../diffusion/latentStates.ts';

/** Grows when the trainer would make something else of the same task, so that nothing old is taken for it. */
const trainerFormat = 1;

/** One of the K models: what it is made from, and the address that follows from it. */
export interface ModelPlan {
  index: number;
  hash: string;
  states: LatentState[];
  settings: EffectiveSettings;
}

/** Latent states of a spec, the cleanest first. */
export const statesOf = ({ schedule }: Spec): LatentState[] => latentStates(schedule);

/** The K models. How pods run and how often state is saved is not part of a model's hash: it does not change the model. */
export function modelPlans(spec: Spec): ModelPlan[] {
  return partitionModels(statesOf(spec), spec.schedule.statesPerModel).map((states, index) => {
    const settings = effectiveSettings(spec, states[0]?.state ?? 0);
    const hash = contentHash({
      trainerFormat,
      states,
      timesteps: spec.schedule.timesteps,
      dataset: spec.dataset,
      model: settings.model,
      training: settings.training,
    });
    return { index, hash, states, settings };
  });
}

/** Addresses of what is made from the models, each from its inputs. */
export interface StepHashes {
  bundle: string;
  samples: string;
  /** Of the sampling Job, which also computes features. */
  sampleJob: string;
  report: string;
}

export function stepHashes(spec: Spec, models: readonly ModelPlan[]): StepHashes {
  const { schedule, sampling, evaluation, dataset } = spec;
  const bundle = contentHash({ trainerFormat, models: models.map(({ hash }) => hash), schedule });
  // Sharding is part of the address though not of the samples, because it is how they lie on the volume.
  const samples = contentHash({ trainerFormat, bundle, sampling });
  const sampleJob = contentHash({ samples, extractor: evaluation?.extractor });
  return { bundle, samples, sampleJob, report: contentHash({ trainerFormat, samples, evaluation, dataset }) };
}

/** What of a Job's template follows from how the run wants its pods to run. A child is not made anew because of it, unless it cannot go on. */
export function executionHash({ spec }: Run, override: PodTemplate | undefined): string {
  const { image, resources, podTemplate, queueName, retries, deadlines } = spec.execution;
  const { perModel } = retries;
  return contentHash({
    image,
    resources,
    podTemplate,
    override,
    queueName,
    perModel,
    deadline: deadlines.modelSeconds,
  });
}

const short = (hash: string) => hash.slice(0, 8);

/** Names of a run's children. They follow from the spec, so that nothing can be made twice. */
export const childNames = (run: string) => ({
  claim: `${run}-checkpoints`,
  model: ({ index, hash }: ModelPlan) => `${run}-m${index}-${short(hash)}`,
  aggregate: ({ bundle }: StepHashes) => `${run}-aggregate-${short(bundle)}`,
  sample: ({ sampleJob }: StepHashes) => `${run}-sample-${short(sampleJob)}`,
  evaluate: ({ report }: StepHashes) => `${run}-evaluate-${short(report)}`,
});

/** Folder of a run on its volume. */
export const runDirectory = ({ metadata: { name } }: Run): string => `runs/${name}`;
