import { join } from 'node:path';

/**
 * Where things are on the run's volume:
 *
 *     runs/<name>/models/<hash>/attempts/<n>                    fencing, see attempts.ts
 *                              /checkpoints/<images>/           state.safetensors, checkpoint.json
 *                              /final/                          weights.safetensors, model.json
 *                /bundles/<hash>/                               manifest.json, model-0000.safetensors …, moments.safetensors
 *                /samples/<hash>/shard-0000/                    images.npy, walk.npy, predicted.npy, shard.json
 *                               /features-<extractor>-0000/     features.npz, features.json
 *                /reports/<hash>/                               report.json, report.html, samples.png, walk.png
 */
export interface RunLayout {
  root: string;
  model(hash: string): { root: string; attempts: string; checkpoints: string; final: string };
  bundle(hash: string): string;
  samples(hash: string): string;
  shard(samples: string, index: number): string;
  features(samples: string, extractor: string, index: number): string;
  reference(name: string): string;
  report(hash: string): string;
}

const four = (index: number) => String(index).padStart(4, '0');

/** @param volume folder of the run's volume; @param directory the task's `runs/<name>` */
export function runLayout(volume: string, directory: string): RunLayout {
  const root = join(volume, directory);
  return {
    root,
    model(hash) {
      const model = join(root, 'models', hash);
      return {
        root: model,
        attempts: join(model, 'attempts'),
        checkpoints: join(model, 'checkpoints'),
        final: join(model, 'final'),
      };
    },
    bundle: (hash) => join(root, 'bundles', hash),
    samples: (hash) => join(root, 'samples', hash),
    shard: (samples, index) => join(root, 'samples', samples, `shard-${four(index)}`),
    features: (samples, extractor, index) => join(root, 'samples', samples, `features-${extractor}-${four(index)}`),
    reference: (name) => join(root, 'references', name),
    report: (hash) => join(root, 'reports', hash),
  };
}

export const checkpointName = (images: number): string => String(images).padStart(12, '0');
export const modelFileName = (index: number): string => `model-${four(index)}.safetensors`;
