import { compact } from '../../api/compact.ts';
import { DdrError } from '../../api/errors.ts';
import { runLayout } from '../../api/layout.ts';
import type { Sampling } from '../../api/spec/sampling.ts';
import type { SampleTask } from '../../api/task.ts';
import { randomBelow, streams } from '../../diffusion/random.ts';
import type { Manifest } from '../artifacts/bundle.ts';
import type { Classes } from '../artifacts/conditions.ts';
import { loadPrepared } from '../artifacts/prepared.ts';
import { openPrompts } from '../artifacts/prompts.ts';
import { loadOrName, makeAnew } from '../artifacts/records.ts';
import type { ArtifactStore } from '../artifacts/store.ts';
import type { ImageCondition } from '../data/imageSource.ts';

/** What each sample is drawn to show: functions of seed and number of the sample, not of the shards. */
export interface SampleConditions {
  /** Its class, where the models know classes. */
  label: ((sample: number) => number) | undefined;
  of: (sample: number) => Promise<ImageCondition>;
}

/** The class of each sample. */
export function labelOf(
  { labels, seed }: Pick<Sampling, 'labels' | 'seed'>,
  { classes, counts }: Classes,
): (sample: number) => number {
  const list = labels?.list;
  if (list !== undefined) return (sample) => list[sample % list.length] as number;
  if (labels?.from !== 'Data') return (sample) => sample % classes;
  const total = counts.reduce((sum, count) => sum + count, 0);
  return (sample) => {
    let left = randomBelow(total, seed, streams.labels, sample, 0);
    return counts.findIndex((count) => {
      left -= count;
      return left < 0;
    });
  };
}

async function promptsOf({ directory, prepared = '' }: SampleTask, store: ArtifactStore) {
  const folder = runLayout(directory).prepared(prepared);
  const record = await loadOrName('the record of the data', 'preparation', () => loadPrepared(store, folder, prepared));
  if (record?.prompts !== undefined) return openPrompts(store, folder, record.prompts);
  throw new DdrError('ModelMissing', 'there are no contexts to draw samples to', {
    where: store.describe(folder),
    hint: makeAnew('preparation'),
  });
}

/**
 * The conditions of the samples of a bundle.
 * @throws DdrError ModelMissing, DigestMismatch where there are contexts to be, and none have been prepared
 */
export async function sampleConditions(
  task: SampleTask,
  { conditions: { labels, contexts } = {} }: Pick<Manifest, 'conditions'>,
  store: ArtifactStore,
): Promise<SampleConditions> {
  const label = labels && labelOf(task.sampling, labels);
  const prompt = contexts && (await promptsOf(task, store));
  return {
    label,
    of: async (sample) => compact({ label: label?.(sample), context: await prompt?.(sample) }),
  };
}
