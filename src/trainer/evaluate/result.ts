import { compact } from '../../api/compact.ts';
import { shorten, type TaskResult } from '../../api/termination.ts';
import type { Report } from '../artifacts/report.ts';
import { coveredStates } from '../report/coverage.ts';

/** Caveats in a termination message, and bytes of each text; the report has all of them whole. */
const longest = { caveats: 5, caveat: 300, finding: 280 };

/** What the termination message says of a report. */
export function resultOf(report: Report, path: string, digest: string): TaskResult {
  const { sampling, evaluation, coverage, findings } = report;
  const caveats = evaluation?.caveats ?? coverage?.caveats ?? [];
  return compact({
    kind: 'evaluate' as const,
    path,
    digest,
    sampleCount: sampling.count,
    metrics: evaluation?.metrics.map(({ name, value }) => ({ name, value })) ?? [],
    extractor: evaluation?.extractor,
    extractorDigest: evaluation?.extractorDigest,
    referenceCount: evaluation?.reference.count ?? undefined,
    findings: findings.map(({ signature, message, remedy }) => ({
      signature,
      message: shorten(`${message} ${remedy}`, longest.finding),
    })),
    coverage: coveredStates(report),
    caveats: caveats.slice(0, longest.caveats).map((text) => shorten(text, longest.caveat)),
  });
}
