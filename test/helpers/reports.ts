import { latentStates } from '../../src/diffusion/latentStates.ts';
import type { Report } from '../../src/trainer/artifacts/report.ts';

const digest = 'ab'.repeat(32);

/** A report of three models of single states, judged. */
export function exampleReport(fields: Partial<Report> = {}): Report {
  const states = latentStates({ family: 'Linear', timesteps: 1000, states: 3, spacing: 'Uniform', alphas: 'Mapped' });
  return {
    format: 2,
    run: { name: 'digits', namespace: 'default' },
    bundle: { path: 'runs/digits/bundles/0123456789abcdef', digest },
    schedule: { family: 'Linear', alphas: 'Mapped', timesteps: 1000 },
    image: { size: 8, channels: 1 },
    dataset: {
      address: digest.slice(0, 16),
      count: 10_000,
      sha256: digest,
      source: { where: 'data/mnist', fingerprint: digest, reading: digest.slice(0, 16) },
      leftOut: { count: 0, bySuffix: {}, examples: [] },
      broken: { count: 0, examples: [] },
      notices: [],
    },
    sampling: {
      sampler: 'DDIM',
      eta: 0,
      count: 300,
      shards: 2,
      batchSize: 100,
      seed: 7,
      clip: true,
      start: 'StandardNormal',
      seconds: 61,
    },
    evaluation: {
      metrics: [{ name: 'Fréchet distance', value: 12.345678, details: { smallestEigenvalue: -1e-12 } }],
      extractor: 'mnist-classifier',
      extractorDigest: digest,
      dimensions: 64,
      sampleCount: 300,
      reference: { kind: 'dataset', where: 'data/mnist', count: 10_000 },
      caveats: ['Compare only equal N.'],
    },
    models: states.map((state, index) => ({
      index,
      hash: '0123456789abcdef',
      states: [state],
      prediction: 'V',
      digest,
      images: 2000,
      learningRate: 1e-3,
      seconds: 30,
      device: 'NVIDIA H100 80GB HBM3',
      losses: [500, 1000, 1500, 2000].map((images) => ({ images, loss: 1 / (index + images / 500) })),
    })),
    findings: [],
    software: { node: '24.0.0', tensorflow: '2.21.0', threads: 2, device: 'CPU' },
    ...fields,
  };
}
