import { basename, dirname } from 'node:path';
import { DdrError, toDdrError } from '../../api/errors.ts';
import type { LatentState } from '../../diffusion/latentStates.ts';
import { logSnr } from '../../diffusion/schedule.ts';
import { type Bundle, type BundledModel, networkShapeOf, openAnyBundle } from '../artifacts/bundle.ts';
import { createPosixStore } from '../artifacts/posixStore.ts';
import type { NamedValues } from '../model/parameterGroups.ts';
import { unetConfig } from '../model/parameters.ts';
import { requireFit, requireTensors, toldOf } from './fit.ts';
import type { Beginner, Source, WarmStart } from './source.ts';

/** Damage of what another run has made is that of an input: trying again does not help. */
async function asInput<T>(reading: Promise<T>): Promise<T> {
  return reading.catch((thrown: unknown) => {
    const error = toDdrError(thrown);
    if (error.code !== 'DigestMismatch') throw error;
    throw new DdrError('InputForeign', `the bundle to begin from is damaged: a file of it ${error.message}`, {
      where: error.where,
      hint: 'Copy the whole folder of the bundle again.',
      cause: error,
    });
  });
}

const middleOf = (states: readonly LatentState[]): number =>
  states.reduce((sum, { alphaBar }) => sum + logSnr(alphaBar), 0) / states.length;

/**
 * The model of which a state is nearest to the middle of some states, by the logarithm of the signal-to-noise ratio; of two
 * that are as near the cleaner one.
 */
export function nearestModel<M extends { states: readonly LatentState[] }>(
  models: readonly M[],
  states: readonly LatentState[],
): M | undefined {
  const middle = middleOf(states);
  const distances = models.map((model) => ({
    model,
    distance: Math.min(...model.states.map(({ alphaBar }) => Math.abs(logSnr(alphaBar) - middle))),
  }));
  return distances.reduce<(typeof distances)[number] | undefined>(
    (best, each) => (best === undefined || each.distance < best.distance ? each : best),
    undefined,
  )?.model;
}

/** A model of a bundle, its first average, read parameter by parameter. */
function sourceOf(bundle: Bundle, model: BundledModel, where: string): Source {
  const config = unetConfig(model.model, networkShapeOf(bundle.manifest));
  return {
    where,
    async *weightsFor({ specs, ...network }: Beginner): AsyncGenerator<NamedValues> {
      const file = await asInput(bundle.open(model));
      const told = toldOf([...file.tensors].map(([name, { shape }]) => ({ name, shape })));
      requireFit({ config, prediction: model.prediction, told }, network, where);
      requireTensors(file.tensors, new Map(specs.map((spec) => [spec.name, spec])), where);
      for (const { name } of specs) yield { name, values: await file.read(name) };
    },
  };
}

/**
 * Another run's bundle as weights to begin from.
 * @param folder resolved
 * @throws DdrError InputMissing, InputForeign
 */
export async function openBundleStart(folder: string): Promise<WarmStart> {
  const store = createPosixStore(dirname(folder));
  const key = basename(folder);
  const bundle = await asInput(openAnyBundle(store, key));
  const { models } = bundle.manifest;
  const sources = new Map(
    models.map((model) => [model, sourceOf(bundle, model, store.describe(`${key}/${model.file}`))] as const),
  );
  return {
    where: folder,
    digest: bundle.digest,
    sourceOf(states) {
      const nearest = nearestModel(models, states);
      const source = nearest && sources.get(nearest);
      if (source === undefined) throw new DdrError('InputForeign', 'is a bundle without models', { where: folder });
      return source;
    },
  };
}

/** Names of the files that are read of a bundle besides its manifest. @throws DdrError InputMissing, InputForeign */
export async function bundleStartFiles(folder: string): Promise<string[]> {
  const { manifest } = await asInput(openAnyBundle(createPosixStore(dirname(folder)), basename(folder)));
  return manifest.models.map(({ file }) => file);
}
