import type { EvaluateTask } from '../../api/task.ts';
import type { Report } from '../artifacts/report.ts';
import { imagesOf } from '../artifacts/samples.ts';
import { stillStarting, type TrainerContext } from '../context/context.ts';
import type { FeatureExtractor } from '../metrics/extractors/extractor.ts';
import { shardOf } from './gather.ts';

export type ClassAgreement = NonNullable<NonNullable<Report['evaluation']>['classAgreement']>;

/** Counts of samples by the class that they were drawn to show; those that were drawn to none count nowhere. */
export function countAgreement(
  classes: number,
  pairs: Iterable<readonly [asked: number, seen: number]>,
): ClassAgreement {
  const counts = Array.from({ length: classes }, () => ({ samples: 0, right: 0 }));
  for (const [asked, seen] of pairs) {
    const count = counts[asked];
    if (count === undefined) continue;
    count.samples++;
    if (asked === seen) count.right++;
  }
  return counts;
}

/**
 * How many samples of each class a classifier takes for one of that class.
 * @param classes that the models know; undefined where they know none
 * @returns undefined where the extractor is no classifier of so many classes
 * @throws DdrError ModelMissing, DigestMismatch, Interrupted
 */
export async function classAgreement(
  task: EvaluateTask,
  classes: number | undefined,
  { classifier }: Pick<FeatureExtractor, 'classifier'>,
  context: TrainerContext,
): Promise<ClassAgreement | undefined> {
  if (classes === undefined || classifier?.classes !== classes) return undefined;
  const pairs: [number, number][] = [];
  for (let index = 0; index < task.sampling.shards; index++) {
    const { images, labels } = await shardOf(task, index, context);
    const seen = await classifier.seen(imagesOf(images));
    labels?.forEach((label, i) => {
      pairs.push([label, seen[i] as number]);
    });
    await stillStarting(context);
  }
  return countAgreement(classes, pairs);
}
