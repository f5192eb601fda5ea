import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Conditions } from '../../src/trainer/model/conditioning.ts';
import { type DiffusersConfig, fromConfig } from '../../src/trainer/model/diffusers/config.ts';
import { type UnetConfig, unetConfig } from '../../src/trainer/model/parameters.ts';

export interface DiffusersCase {
  config: DiffusersConfig;
  tokens: number;
  output: number[];
  /** By diffusers' names and in its order; of each gradient its norm and a few values, from all over it. */
  parameters: Record<string, { shape: number[]; gradient: number[] }>;
}

/** What diffusers computed: see test/fixtures/diffusers_unets.py. */
export interface DiffusersFixture {
  timesteps: number[];
  labels: number[];
  cases: Record<string, DiffusersCase>;
  presets: Record<string, { config: DiffusersConfig; parameters: number }>;
}

/** The Python that DDR_PYTHON names, where it has diffusers. */
export function pythonWithDiffusers(): string | undefined {
  const { DDR_PYTHON } = process.env;
  if (!DDR_PYTHON) return undefined;
  return spawnSync(DDR_PYTHON, ['-c', 'import torch, diffusers']).status === 0 ? DDR_PYTHON : undefined;
}

/** The fixture; where DDR_PYTHON names a Python with diffusers, as that one computes it now. */
export function diffusersFixture(): DiffusersFixture {
  const fixtures = join(import.meta.dirname, '../fixtures');
  const python = pythonWithDiffusers();
  const read = (path: string): DiffusersFixture => JSON.parse(readFileSync(path, 'utf8'));
  if (python === undefined) return read(join(fixtures, 'diffusers_unets.json'));
  const folder = mkdtempSync(join(tmpdir(), 'ddr-diffusers-'));
  try {
    const path = join(folder, 'fixture.json');
    execFileSync(python, [join(fixtures, 'diffusers_unets.py'), path], { stdio: 'pipe' });
    return read(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The network of a case, and what it is told. */
export function networkOf({ config, tokens }: Pick<DiffusersCase, 'config' | 'tokens'>): {
  config: UnetConfig;
  conditions: Conditions;
} {
  const { model, image, classes, contextWidth } = fromConfig(config, 'config.json');
  const context = contextWidth === 0 ? undefined : { tokens, width: contextWidth };
  const shape = { size: image.size, channels: image.channels as 1 | 3 }; // latents have 4
  return { config: unetConfig(model, shape), conditions: { classes, context } };
}

/** The weights of the fixture, by its formula and under diffusers' names. */
export function theirWeights({ parameters }: DiffusersCase): Map<string, Float32Array> {
  let offset = 0;
  return new Map(
    Object.entries(parameters).map(([name, { shape }]) => {
      const size = shape.reduce((product, each) => product * each, 1);
      const gain = name.includes('norm') && name.endsWith('weight') ? 1 : 0;
      const values = Float32Array.from({ length: size }, (_, i) => 0.2 * Math.sin(12.9898 * (offset + i)) + gain);
      offset += size;
      return [name, values];
    }),
  );
}

/** What the fixture keeps of a gradient: its norm, and a few of its values. */
export function spread(values: Float32Array, count: number): number[] {
  const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const places = Array.from({ length: count }, (_, i) => Math.floor(((i * 2 + 1) * values.length) / (2 * count)));
  return [norm, ...places.map((place) => values[place] as number)];
}
