import { compact } from '../../api/compact.ts';
import { datasetKey } from '../../api/layout.ts';
import type { Dataset } from '../../api/spec/dataset.ts';
import type { TaskResult } from '../../api/termination.ts';
import type { PreparedRecord } from '../artifacts/prepared.ts';
import { noticesOf } from '../data/findings.ts';
import { type Place, readingOf } from './source.ts';
import type { WrittenDataset } from './writing.ts';

/** Notices that a termination message has room for. */
const toldNotices = 5;

/** What there is to say of prepared data. */
export const recordOf = (
  hash: string,
  spec: Dataset,
  { where }: Place,
  fingerprint: string,
  { dataset, findings }: WrittenDataset,
): PreparedRecord => {
  const { leftOut, broken } = findings;
  return {
    format: 1,
    hash,
    dataset,
    source: { where, fingerprint, reading: readingOf(spec) },
    leftOut: { ...leftOut, bySuffix: Object.fromEntries(leftOut.bySuffix) },
    broken: { count: broken.count, examples: broken.examples },
    notices: noticesOf(findings, spec),
  };
};

/** What the termination message says. */
export const resultOf = ({
  dataset,
  leftOut,
  broken,
  notices,
  reference,
  weights,
  prompts,
  codec,
  warmStart,
  previous,
}: PreparedRecord): TaskResult =>
  compact({
    kind: 'prepare' as const,
    dataset: datasetKey(dataset.address),
    sha256: dataset.sha256,
    count: dataset.count,
    leftOut: leftOut.count,
    broken: broken.count,
    notices: notices.slice(0, toldNotices),
    reference,
    weights,
    prompts: prompts?.sha256,
    codec,
    warmStart,
    previous,
  });
