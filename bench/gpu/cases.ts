import { modelSchema } from '../../src/api/spec/model.ts';
import type { Training } from '../../src/api/spec/training.ts';
import type { Conditions } from '../../src/trainer/model/conditioning.ts';
import { type UnetConfig, unetConfig } from '../../src/trainer/model/parameters.ts';
import { presets } from '../../src/trainer/model/presets.ts';

/** A network, what it is told, and the batch that it is measured with. */
export interface Network {
  name: string;
  config: UnetConfig;
  conditions: Conditions;
  batchSize: number;
}

const network = (name: string, baseChannels: number, imageSize: number, batchSize: number): Network => ({
  name,
  batchSize,
  conditions: {},
  config: {
    ...modelSchema.parse({ baseChannels, attentionResolutions: [imageSize / 4] }),
    imageSize,
    imageChannels: 3,
  },
});

const preset = (name: keyof typeof presets, batchSize: number): Network => {
  const { model, image, conditions } = presets[name];
  return { name, batchSize, conditions, config: unetConfig(model, image) };
};

/** The default network at two widths, one that fits any GPU and one that keeps one busy, and those that people know. */
export const networks: readonly Network[] = [
  network('32 channels, 32×32', 32, 32, 256),
  network('128 channels, 32×32', 128, 32, 256),
  preset('ddpm-cifar10', 128),
  preset('ldm-8-imagenet', 16),
  preset('sd-2.1', 4),
];

/** What any machine can do in seconds, to try the script itself. */
export const tinyNetworks: readonly Network[] = [network('8 channels, 8×8', 8, 8, 4)];

/** How a step is computed: by us, or by PyTorch. */
export type Way =
  | { engine: 'ddr'; name: string; xla: boolean; tf32: boolean; precision: Training['precision'] }
  | { engine: 'PyTorch'; name: string; mode: 'bf16' | 'tf32' };

/** The first of each engine is what it does by default. PyTorch's bf16 with torch.compile is what the others are held against. */
export const ways: readonly Way[] = [
  { engine: 'PyTorch', name: 'PyTorch, bf16, compiled', mode: 'bf16' },
  { engine: 'PyTorch', name: 'PyTorch, TF32, compiled', mode: 'tf32' },
  { engine: 'ddr', name: 'ddr, TF32', xla: false, tf32: true, precision: 'Float32' },
  { engine: 'ddr', name: 'ddr, TF32, XLA', xla: true, tf32: true, precision: 'Float32' },
  { engine: 'ddr', name: 'ddr, float32', xla: false, tf32: false, precision: 'Float32' },
  { engine: 'ddr', name: 'ddr, bfloat16', xla: false, tf32: true, precision: 'BFloat16' },
  { engine: 'ddr', name: 'ddr, bfloat16, XLA', xla: true, tf32: true, precision: 'BFloat16' },
];
