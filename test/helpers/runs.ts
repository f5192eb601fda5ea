/** A run as a user writes it, with only what has to be there. */
export function minimalRun(name = 'digits'): RunInput {
  return {
    apiVersion: 'tspace.dev/v1alpha1',
    kind: 'DisentangledDiffusionRun',
    metadata: { name },
    spec: {
      schedule: { states: 10 },
      dataset: {
        source: { volume: { claimName: 'data', path: 'mnist' } },
        format: 'Idx',
        image: { size: 28, channels: 1 },
      },
      checkpoints: { volume: { shared: { size: '1Gi' } } },
    },
  };
}

export interface RunInput {
  apiVersion: string;
  kind: string;
  metadata: { name: string; [key: string]: unknown };
  spec: Record<string, unknown>;
}

/** The minimal run with the wrong fields put in. */
export function withSpec(spec: Record<string, unknown>): RunInput {
  const run = minimalRun();
  return { ...run, spec: { ...run.spec, ...spec } };
}
