/**
 * Where things are in a run's store: on its volume, and in an object store. Keys are relative to the store's root, with /; names of
 * files within a folder are known to the record in trainer/artifacts/ that writes them.
 *
 *     datasets/<digest>/                                        images.npy, latents.npy, moments.safetensors, dataset.json, labels.npy,
 *                                                               contexts.npy; shared by runs
 *             /<digest>-<index>/                                the same with index.npy and shards.json in place of the images
 *     runs/<name>/prepared/<hash>/                              prepared.json: which dataset the run's source has become; prompts.npy
 *                /models/<hash>/attempts/<n>                    fencing
 *                              /checkpoints/<images>/           state.safetensors, checkpoint.json
 *                              /final/                          weights.safetensors, model.json
 *                /bundles/<hash>/                               manifest.json, model-0000.safetensors …, moments.safetensors
 *                /samples/<hash>/shard-0000/                    images.npy, trajectory.npy, predicted.npy, labels.npy, shard.json
 *                               /features-<extractor>-0000/     features.npz, features.json
 *                /references/<digest>-<extractor>/              features.npz, features.json
 *                /reports/<hash>/                               report.json, report.html, samples.png, trajectory.png, classes.png
 */
const four = (index: number) => String(index).padStart(4, '0');

/** Folder of a run, by its name. */
export const runDirectory = (name: string): string => `runs/${name}`;

/** @param address first digits of the digest of the prepared images */
export const datasetKey = (address: string): string => `datasets/${address}`;

/** @param directory of the run, as {@link runDirectory} gives it */
export const runLayout = (directory: string) => ({
  prepared: (hash: string) => `${directory}/prepared/${hash}`,
  models: `${directory}/models`,
  model: (hash: string) => ({
    root: `${directory}/models/${hash}`,
    attempts: `${directory}/models/${hash}/attempts`,
    checkpoints: `${directory}/models/${hash}/checkpoints`,
    final: `${directory}/models/${hash}/final`,
  }),
  bundle: (hash: string) => `${directory}/bundles/${hash}`,
  samples: (hash: string) => `${directory}/samples/${hash}`,
  shard: (samples: string, index: number) => `${directory}/samples/${samples}/shard-${four(index)}`,
  features: (samples: string, extractor: string, index: number) =>
    `${directory}/samples/${samples}/features-${extractor}-${four(index)}`,
  reference: (name: string) => `${directory}/references/${name}`,
  report: (hash: string) => `${directory}/reports/${hash}`,
});

/** Folder that a task commits as its last act. @param shard of a sampling task */
export function productOf(
  {
    kind,
    directory,
    hash,
  }: { kind: 'prepare' | 'train' | 'aggregate' | 'sample' | 'evaluate'; directory: string; hash: string },
  shard: number,
): string {
  const layout = runLayout(directory);
  switch (kind) {
    case 'prepare':
      return layout.prepared(hash);
    case 'train':
      return layout.model(hash).final;
    case 'aggregate':
      return layout.bundle(hash);
    case 'sample':
      return layout.shard(hash, shard);
    case 'evaluate':
      return layout.report(hash);
  }
}

/** Files of a report that others than the trainer name. */
export const reportFiles = { record: 'report.json', page: 'report.html', samples: 'samples.png' } as const;

export const checkpointName = (images: number): string => String(images).padStart(12, '0');
/** @param average of the model's averages, counted as training.ema has their half-lives */
export const modelFileName = (index: number, average = 0): string =>
  `model-${four(index)}${average === 0 ? '' : `-ema-${average}`}.safetensors`;
