import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { modelSchema } from '../../src/api/spec/model.ts';
import { type Training, trainingSchema } from '../../src/api/spec/training.ts';
import type { Tensor, TensorFlow } from '../../src/trainer/engine/tensorflow.ts';
import { type Conditioning, conditioningOf, unconditioned } from '../../src/trainer/model/conditioning.ts';
import type { Parameters } from '../../src/trainer/model/layers.ts';
import { parametersOf as groupedParameters } from '../../src/trainer/model/parameterGroups.ts';
import {
  initialWeights,
  type ParameterSpec,
  sizeOf,
  totalSize,
  type UnetConfig,
} from '../../src/trainer/model/parameters.ts';
import { parameterSpecs } from '../../src/trainer/model/unet.ts';
import { joined } from './state.ts';

interface TorchResult {
  parameters: { name: string; shape: number[] }[];
  output: number[];
  gradient: number[];
  gradientNorm: number;
  losses: number[];
  state: Record<'weights' | 'firstMoment' | 'secondMoment' | 'average', number[]>;
}

/** What PyTorch computed: see test/fixtures/unet.py. */
export interface TorchFixture {
  config: UnetConfig;
  timesteps: number[];
  signal: number[];
  target: number[];
  optimizer: { lr: number; betas: [number, number]; eps: number; weight_decay: number };
  clip: number;
  decay: number;
  withTime: TorchResult;
  withoutTime: TorchResult;
}

export function torchFixture(): TorchFixture {
  const fixture = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/unet.json'), 'utf8'));
  const { imageSize, imageChannels, ...model } = fixture.config;
  return { ...fixture, config: { ...modelSchema.parse(model), imageSize, imageChannels } };
}

/** The weights of the fixture, by its formula. */
export function formulaWeights(specs: readonly ParameterSpec[]): Float32Array {
  const weights = new Float32Array(totalSize(specs));
  let offset = 0;
  for (const { name, shape } of specs) {
    const gain = name.endsWith('.g') ? 1 : 0;
    for (const end = offset + sizeOf(shape); offset < end; offset++) {
      weights[offset] = 0.2 * Math.sin(12.9898 * offset) + gain;
    }
  }
  return weights;
}

/** The images of the fixture, and of tests that need some. */
export const formulaImages = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(0.37 * i));

/** The values that the fixture keeps of a vector. */
export const thinned = (vector: Float32Array): Float32Array => vector.filter((_, i) => i % 97 === 0);

/** A U-Net that is quick to record and has one of everything. */
export const smallUnet: UnetConfig = {
  ...modelSchema.parse({ baseChannels: 8, channelMultipliers: [1, 2], attentionResolutions: [4] }),
  imageSize: 8,
  imageChannels: 1,
};

/** Both kinds of networks, for tests of each. */
export const conditionings = (config: UnetConfig): readonly Conditioning[] => [
  unconditioned,
  conditioningOf(2, config, {}),
];

/** Initial weights as one vector. */
export const weightsVector = (specs: readonly ParameterSpec[], seed: number): Float32Array =>
  joined([...initialWeights(specs, seed)].map(({ values }) => values));

/** Weights that are nowhere 0, so that every gradient counts. */
export function livelyWeights(config: UnetConfig, conditioning: Conditioning): Float32Array {
  const specs = parameterSpecs(config, conditioning);
  const lively = specs.map(
    (spec): ParameterSpec =>
      spec.initial.kind === 'zeros' ? { ...spec, initial: { kind: 'normal', fanIn: 100 } } : spec,
  );
  return weightsVector(lively, 1);
}

/** Parameters by name from one vector of all of them. Differentiable. */
export const parametersOf = (tf: typeof TensorFlow, specs: readonly ParameterSpec[], vector: Tensor): Parameters =>
  groupedParameters(tf, [{ name: 'all', specs, size: totalSize(specs) }], [vector]);

export const training = (changes: object = {}): Training =>
  trainingSchema.parse({ batchSize: 4, threads: 1, ...changes });

/** The largest difference, relative to the largest value. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [difference, scale] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs((actual[i] as number) - (expected[i] as number)));
    scale = Math.max(scale, Math.abs(expected[i] as number));
  }
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference / scale;
}
