/** The names under which the resource and its children are known to a cluster. */
export const group = 'tspace.dev';
export const version = 'v1alpha1';
export const kind = 'DisentangledDiffusionRun';
export const plural = 'disentangleddiffusionruns';
export const singular = 'disentangleddiffusionrun';
export const shortName = 'ddr';
export const apiVersion = `${group}/${version}`;

/** Names that a run may have. */
export const runNameLength = 40;
export const runNamePattern = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$';

/** Labels that every child carries, so that watches and people can select them. */
export const labels = {
  /** Name of the run. */
  run: `${group}/run`,
  /** One of {@link components}. */
  component: `${group}/component`,
  /** Index of the model among the K models; on training children only. */
  model: `${group}/model`,
  /** Content hash of what the child makes. */
  hash: `${group}/hash`,
  /** Hash of how the run wanted its pods to run when the Job was made. */
  execution: `${group}/execution`,
  /** Version of the rules by which addresses are made; on Jobs. Those of version 1 have none. */
  addressFormat: `${group}/address-format`,
  /** Hash of the run's {@link retryAnnotation} when the Job was made. */
  retry: `${group}/retry`,
  /** Who manages the child; always {@link managedBy}. */
  managedBy: 'app.kubernetes.io/managed-by',
  /** Kueue's queue, where `execution.queueName` names one. */
  queue: 'kueue.x-k8s.io/queue-name',
} as const;

/** The container of a pod that runs the trainer; users' templates name it. */
export const containerName = 'trainer';

/** Annotation of a run: with any new value, what failed is made anew and what is good is kept. */
export const retryAnnotation = `${group}/retry-at`;

export const managedBy = 'disentangled-diffusion';

/** The parts of a run, in the order in which they happen; also the trainer's subcommands. */
export const components = ['prepare', 'train', 'aggregate', 'sample', 'evaluate'] as const;
export type Component = (typeof components)[number];
