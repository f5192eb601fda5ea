import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import {
  apply,
  dump,
  installChart,
  kubectl,
  onClaim,
  prepareNamespace,
  skip,
  smallRun,
  untilPhase,
} from './cluster.ts';

const namespace = 'ddr-e2e-conditions';
const autoencoder = join(import.meta.dirname, '../../examples/mnist-autoencoder');

/** Digits by class as latents of the example's autoencoder, which lies beside them on their claim. */
const latentDigits = smallRun('latent-digits', {
  dataset: {
    source: { volume: { claimName: 'mnist-data', path: 'mnist' } },
    format: 'Idx',
    image: { size: 32, channels: 1 },
    labels: { classes: 10, from: 'Idx' },
    limit: 500,
  },
  codec: {
    name: 'AutoencoderKL',
    weights: { volume: { claimName: 'mnist-data', path: 'mnist-autoencoder' } },
    downsampling: 4,
    channels: 4,
  },
  training: { images: 640, batchSize: 32, threads: 1, seed: 3, conditionDropout: 0.1 },
  sampling: { count: 20, batchSize: 10, shards: 2, clip: false, guidance: { scale: 2 } },
  evaluation: { extractor: { name: 'mnist-classifier' } },
});

test('what models are told and see, on a cluster', { skip }, async (t) => {
  before(async () => {
    await installChart();
    await prepareNamespace(namespace);
    await kubectl('cp', '-n', namespace, autoencoder, 'mnist-data:/data/mnist-autoencoder');
  });
  after(async () => {
    await kubectl('delete', 'namespace', namespace, '--wait=false');
  });
  afterEach(async (context) => {
    if ('passed' in context && context.passed === false) await dump(namespace, context.name);
  });

  await t.test('images are encoded once, models learn latents by class, samples are guided and decoded', async () => {
    await apply(namespace, latentDigits);
    const { status } = await untilPhase(namespace, 'latent-digits', 'Complete', 300);
    const read = async (path: string) =>
      JSON.parse(await onClaim(namespace, 'latent-digits-checkpoints', `cat /run-volume/${path}`));
    const { image, conditions } = await read(`${status?.bundle?.path}/manifest.json`);
    assert.deepEqual(image, { size: 32, channels: 1 });
    assert.equal(conditions.labels.classes, 10);
    const { evaluation } = await read(`${status?.results?.path}/report.json`);
    const samples = evaluation.classAgreement.map((each: { samples: number }) => each.samples);
    assert.deepEqual(samples, new Array(10).fill(2), 'two samples of each class, over both shards');
  });
});
