import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FloatTensor, writeSafetensors } from '../../src/trainer/formats/safetensors.ts';
import { type AutoencoderConfig, parseAutoencoderConfig } from '../../src/trainer/model/autoencoder/config.ts';
import { decoderStages, encoderStages, stageParameters } from '../../src/trainer/model/autoencoder/structure.ts';
import { autoencoderFiles, diffusersTensors } from '../../src/trainer/model/autoencoder/weights.ts';
import { sizeOf } from '../../src/trainer/model/parameters.ts';

export const autoencoderFixtures = join(import.meta.dirname, '../fixtures/autoencoder');

/** What diffusers' AutoencoderKL computed: see test/fixtures/autoencoder.py. */
export interface AutoencoderFixture {
  batch: number;
  size: number;
  models: Record<
    'plain' | 'deep' | 'small',
    { config: object; names: string[]; mean: number[]; logVariance: number[]; decoded: number[] }
  >;
}

export const autoencoderFixture = (): AutoencoderFixture =>
  JSON.parse(readFileSync(join(autoencoderFixtures, 'autoencoder.json'), 'utf8'));

export const parseConfig = (config: object): AutoencoderConfig =>
  parseAutoencoderConfig(Buffer.from(JSON.stringify(config)), 'config.json');

/** The weights of the fixture by their formula, under diffusers' names and in its layout. */
export function formulaTensors(config: AutoencoderConfig): Map<string, FloatTensor> {
  const specs = stageParameters([...encoderStages(config), ...decoderStages(config)]);
  const named = diffusersTensors(
    specs,
    (name) => new Float32Array(sizeOf(specs.find((spec) => spec.name === name)?.shape ?? [])),
  );
  return new Map(
    [...named].map(([name, { shape, values }]) => {
      const gain = name.includes('norm') && name.endsWith('weight') ? 1 : 0;
      return [name, { shape, values: values.map((_, i) => gain + 0.3 * Math.sin(12.9898 * (i + name.length))) }];
    }),
  );
}

/** Writes an autoencoder in diffusers' layout, with the weights of the formula. */
export function writeAutoencoder(folder: string, config: object): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, autoencoderFiles.config), JSON.stringify(config));
  const tensors = formulaTensors(parseConfig(config));
  writeFileSync(join(folder, autoencoderFiles.weights), writeSafetensors({ tensors, metadata: { format: 'pt' } }));
  return folder;
}

/** A configuration that is quick to compute: pictures of grey, latents of half the size. */
export const tinyAutoencoder = {
  _class_name: 'AutoencoderKL',
  in_channels: 1,
  out_channels: 1,
  down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D'],
  up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D'],
  block_out_channels: [4, 4],
  norm_num_groups: 2,
  latent_channels: 2,
  scaling_factor: 0.5,
  shift_factor: 0.25,
};
