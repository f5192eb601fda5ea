import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LatentState } from '../../src/diffusion/latentStates.ts';
import type { Finding } from '../../src/trainer/artifacts/finding.ts';
import type { TrainedModel } from '../../src/trainer/signatures/recorded.ts';

export const washedOut: Finding = {
  signature: 'WashedOut',
  states: '',
  message: 'Samples are washed out.',
  remedy: 'Map ᾱ.',
  yaml: 'schedule: { alphas: Mapped }',
  evidence: [{ what: '300 samples', numbers: { contrast: 0.312345, 'mean off by': 0.2 } }],
};

interface Curve {
  /** Between two points. */
  images: number;
  losses: number[];
}

/** The losses of eight models that were trained equally long on MNIST, and of the fifth after a fiftieth of it: `ddr run`, v-prediction. */
const recorded = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/lossCurves.json'), 'utf8')) as {
  states: LatentState[];
  good: Curve[];
  hardlyTrained: Curve;
};

const modelOf = (state: LatentState, { images, losses }: Curve): TrainedModel => ({
  index: state.index,
  hash: '0123456789abcdef',
  states: [state],
  prediction: 'V',
  digest: 'd',
  images: images * losses.length,
  learningRate: 2e-3,
  seconds: 1,
  device: null,
  losses: losses.map((loss, i) => ({ images: images * (i + 1), loss })),
});

export const goodModels = (): TrainedModel[] =>
  recorded.states.map((state, i) => modelOf(state, recorded.good[i] as Curve));

/** The same, with one that was stopped after a fiftieth. */
export const withHardlyTrained = (): TrainedModel[] =>
  goodModels().with(4, modelOf(recorded.states[4] as LatentState, recorded.hardlyTrained));

/** A model with another curve. */
export const withLosses = (model: TrainedModel, losses: TrainedModel['losses']): TrainedModel => ({ ...model, losses });

/** MNIST's moments, roughly: the border is black, the middle is not. */
export const digits = [0, 0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.8].map((deviation) => ({ mean: -1 + deviation, deviation }));
