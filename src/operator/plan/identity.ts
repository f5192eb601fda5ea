import { type EffectiveSettings, effectiveSettings, overrideOf } from '../../api/effective.ts';
import { contentHash, withoutDefaults } from '../../api/hash.ts';
import type { Component } from '../../api/names.ts';
import { codecSchema, encodes } from '../../api/spec/codec.ts';
import { promptsSchema } from '../../api/spec/conditions.ts';
import { datasetSchema } from '../../api/spec/dataset.ts';
import { type Evaluation, evaluationSchema } from '../../api/spec/evaluation.ts';
import { modelSchema } from '../../api/spec/model.ts';
import { type Sampling, samplingSchema } from '../../api/spec/sampling.ts';
import { scheduleSchema } from '../../api/spec/schedule.ts';
import type { Spec } from '../../api/spec/spec.ts';
import { trainingSchema } from '../../api/spec/training.ts';
import type { RunStatus } from '../../api/status.ts';
import type { WarmStartTask } from '../../api/task.ts';
import { type LatentState, latentStates, partitionModels } from '../../diffusion/latentStates.ts';
import { once } from './once.ts';

/**
 * Grows when the trainer would make something else of the same task, or addresses are made by other rules, so that nothing
 * old is taken for it. It moves every address of every run: see docs/adr/0002 first.
 */
export const addressFormat = 2;

/** One of the K models, without its address, which follows from the data too. */
export interface ModelPlan {
  index: number;
  states: LatentState[];
  settings: EffectiveSettings;
}

/** What prepare found in the source. All addresses but its own follow from it. */
export type Data = Pick<
  NonNullable<RunStatus['dataset']>,
  'digest' | 'referenceDigest' | 'weightsDigest' | 'promptsDigest' | 'codecDigest' | 'warmStartDigest'
> &
  Partial<Pick<NonNullable<RunStatus['dataset']>, 'path'>>;

/** Stands for data that nobody has read yet, where a run's children are shown before it has any. */
export const unreadData: Data = { digest: '0'.repeat(64) };

/** Addresses of what the steps make, each from its inputs. */
export interface Addresses {
  prepare: string;
  /** Of the prepared images: name of their folder. */
  dataset: string;
  /** Of the K models, in their order. */
  models: readonly string[];
  bundle: string;
  samples: string;
  /** Of the sampling Job, which also computes features. */
  sampleJob: string;
  report: string;
  /** sha256 of the codec's files; only where it has some. */
  codecDigest?: string;
  /** sha256 of the weights that models begin from; only where there are some. */
  warmStartDigest?: string;
}

/** Latent states of a spec, the cleanest first. */
export const statesOf = ({ schedule }: Spec): LatentState[] => latentStates(schedule);

/** The K models with the settings that each is trained with; those of one override share theirs. */
export function modelPlans(spec: Spec): ModelPlan[] {
  const settings = new Map([undefined, ...spec.overrides].map((each) => [each, effectiveSettings(spec, each)]));
  return partitionModels(statesOf(spec), spec.schedule.statesPerModel).map((states, index) => {
    const own = settings.get(overrideOf(spec, states[0]?.index ?? 0)); // an override covers whole models
    return { index, states, settings: own ?? effectiveSettings(spec, undefined) };
  });
}

/** Where models begin from weights that exist, and what prepare holds those against; undefined where they do not. */
export function warmStartOf(spec: Spec): WarmStartTask | undefined {
  const { volume } = spec.training.warmStart ?? {};
  if (volume === undefined) return undefined;
  const networks = new Map<string, WarmStartTask['networks'][number]>();
  for (const { index, settings } of modelPlans(spec)) {
    const { model, training } = settings;
    const key = JSON.stringify([model, training.prediction]);
    const network = networks.get(key) ?? { model, prediction: training.prediction, models: [] };
    network.models.push(index);
    networks.set(key, network);
  }
  return { volume, schedule: spec.schedule, networks: [...networks.values()] };
}

/** What of it makes it be checked anew. */
function checkedStart(spec: Spec): object | undefined {
  const start = warmStartOf(spec);
  return (
    start && {
      ...start,
      schedule: withoutDefaults(scheduleSchema, start.schedule),
      networks: start.networks.map((each) => ({ ...each, model: withoutDefaults(modelSchema, each.model) })),
    }
  );
}

/** What prepare checks besides the images: files of the evaluation. Other fields of it do not make the data be read anew. */
function filesOf(evaluation: Evaluation | undefined): object {
  const { extractor, reference } = evaluation ?? {};
  const network = extractor?.weights && withoutDefaults(evaluationSchema.shape.extractor, extractor);
  return { reference: reference?.file && withoutDefaults(evaluationSchema.shape.reference, reference), network };
}

export const prepareAddress = once((spec: Spec): string => {
  const { dataset, evaluation, codec, training, sampling } = spec;
  return contentHash({
    addressFormat,
    dataset: withoutDefaults(datasetSchema, { ...dataset, cache: undefined }), // what pods keep is not what is prepared
    prompts: withoutDefaults(promptsSchema, sampling.contexts),
    codec: withoutDefaults(codecSchema, codec),
    threads: encodes({ dataset, codec }) ? training.threads : undefined,
    warmStart: checkedStart(spec),
    ...filesOf(evaluation),
  });
});

/** What of the settings is in the addresses of the models that have them; once for all of them. */
function recipesOf(plans: readonly ModelPlan[]): ReadonlyMap<EffectiveSettings, object> {
  const recipe = ({ model, training }: EffectiveSettings) => ({
    model: withoutDefaults(modelSchema, model),
    // What the weights are counts, which their digest says, and not where they lie.
    training: withoutDefaults(trainingSchema, { ...training, warmStart: undefined }),
  });
  return new Map([...new Set(plans.map(({ settings }) => settings))].map((each) => [each, recipe(each)]));
}

/** Of the sampling what changes the samples: which states may be missing says when there are some, not what they are. */
const drawnBy = (sampling: Sampling): Sampling => {
  const { minStates: _, requiredStates: __, ...rest } = sampling;
  return rest;
};

/**
 * How pods run, how often state is saved, and what equals its default are in no address: they do not change what is made.
 * @param holes models that are left out of the bundle
 */
export function addressesOf(
  spec: Spec,
  plans: readonly ModelPlan[],
  data: Data,
  holes: readonly number[] = [],
): Addresses {
  const { schedule, sampling, evaluation, training } = spec;
  const { family, alphas, timesteps } = schedule;
  const { digest, path, referenceDigest, weightsDigest, promptsDigest, codecDigest, warmStartDigest } = data;
  const recipes = recipesOf(plans);
  const models = plans.map(({ states, settings }) =>
    contentHash({
      addressFormat,
      family,
      alphas,
      timesteps,
      states,
      dataset: digest,
      warmStartDigest,
      ...recipes.get(settings),
    }),
  );
  const missing = new Set(holes);
  const bundled = models.filter((_, index) => !missing.has(index));
  const bundle = contentHash({ addressFormat, models: bundled, family, alphas, timesteps });
  // Sharding is part of the address though not of the samples, because it is how they lie in the store.
  const samples = contentHash({
    addressFormat,
    bundle,
    sampling: withoutDefaults(samplingSchema, drawnBy(sampling)),
    threads: training.threads,
    promptsDigest,
    codecDigest,
  });
  const extractor = evaluation && withoutDefaults(evaluationSchema.shape.extractor, evaluation.extractor);
  return {
    prepare: prepareAddress(spec),
    dataset: path?.split('/').at(-1) ?? digest.slice(0, 16),
    models,
    bundle,
    samples,
    sampleJob: contentHash({ samples, extractor, weightsDigest }),
    report: contentHash({
      addressFormat,
      samples,
      evaluation: withoutDefaults(evaluationSchema.optional(), evaluation),
      dataset: digest,
      referenceDigest,
      weightsDigest,
      threads: training.threads,
    }),
    ...(codecDigest !== undefined && { codecDigest }),
    ...(warmStartDigest !== undefined && { warmStartDigest }),
  };
}

/** Address of what a wave collects. */
export const waveAddress = (models: readonly string[]): string => contentHash({ addressFormat, collected: models });

const short = (hash: string) => hash.slice(0, 8);

/** Names of a run's children. They follow from the spec and the data, so that nothing can be made twice. */
export const childNames = (run: string) => ({
  claim: `${run}-checkpoints`,
  modelClaim: (index: number, hash: string) => `${run}-checkpoints-m${index}-${short(hash)}`,
  model: (index: number, hash: string) => `${run}-m${index}-${short(hash)}`,
  step: (step: Component | 'collect', hash: string) => `${run}-${step}-${short(hash)}`,
});
