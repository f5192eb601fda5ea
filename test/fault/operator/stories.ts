import { labels, retryAnnotation } from '../../../src/api/names.ts';
import type { Phase, RunStatus } from '../../../src/api/status.ts';
import type { KubeObject } from '../../../src/operator/kube/client.ts';
import { type RunInput, withSpec } from '../../helpers/runs.ts';
import type { Verdict } from './playedCluster.ts';

/** A change that a person makes when the run has come so far. */
interface Edit {
  when: (status: RunStatus) => boolean;
  change: { spec?: object; annotations?: Record<string, string> };
}

/** A run, what is done to it, what becomes of its Jobs, and how it ends. */
export interface Story {
  run: RunInput;
  models: number;
  edits: readonly Edit[];
  /** Whether a Job fails; none unless said otherwise. */
  fails?: (job: KubeObject) => boolean;
  ends: Phase;
}

const isModel = (job: KubeObject, index: number): boolean => job.metadata.labels?.[labels.model] === String(index);
const trained =
  (count: number) =>
  ({ models }: RunStatus) =>
    (models?.done ?? 0) >= count;
const evaluated = { sampling: { count: 5, shards: 2 }, evaluation: { extractor: { name: 'mnist-classifier' } } };

function story(name: string, states: number, maxParallel: number, rest: Partial<Story> & { spec?: object }): Story {
  const { spec, ...others } = rest;
  const run = withSpec({ schedule: { states }, execution: { maxParallel }, ...evaluated, ...spec });
  return { run: { ...run, metadata: { name } }, models: states, edits: [], ends: 'Complete', ...others };
}

/** Runs that go on beside one another. */
export const stories: readonly Story[] = [
  story('wide', 20, 20, {}),
  story('narrow', 8, 2, {}),
  story('paused', 10, 4, {
    edits: [
      { when: trained(2), change: { spec: { suspend: true } } },
      { when: ({ phase }) => phase === 'Suspended', change: { spec: { suspend: false } } },
    ],
  }),
  story('edited', 12, 4, {
    edits: [{ when: trained(3), change: { spec: { overrides: [{ states: '0', training: { images: 4096 } }] } } }],
  }),
  story('failing', 8, 4, { fails: (job) => isModel(job, 2), ends: 'Failed' }),
  story('retried', 8, 4, {
    fails: (job) => isModel(job, 1) && job.metadata.labels?.[labels.retry] === undefined,
    edits: [{ when: ({ phase }) => phase === 'Failed', change: { annotations: { [retryAnnotation]: 'once' } } }],
  }),
];

/** Steps that begin when all models are trained. */
const late = ['aggregate', 'sample', 'evaluate'];

/** What becomes of a Job. What follows the training waits for a person's changes, so that these come in time. */
export function verdictOf({ fails, edits }: Story, job: KubeObject, edited: number): Verdict {
  if (fails?.(job) === true) return 'fails';
  return edited < edits.length && late.includes(job.metadata.labels?.[labels.component] ?? '') ? 'held' : 'succeeds';
}
