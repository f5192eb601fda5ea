import { coverageText } from '../../api/coverage.ts';
import type { Report } from '../artifacts/report.ts';

/** Latent states of a report's models, in their order. */
export const statesOf = ({ models }: Pick<Report, 'models'>): Report['models'][number]['states'] =>
  models.flatMap(({ states }) => states);

/** States of the schedule, those without a model among them. */
export const stateCount = (report: Pick<Report, 'models' | 'coverage'>): number =>
  report.coverage?.states ?? statesOf(report).length;

/** "30 of 32 states"; undefined where all have a model. */
export const coveredStates = (report: Pick<Report, 'models' | 'coverage'>): string | undefined =>
  report.coverage && coverageText(statesOf(report).length, report.coverage.states);

/** What every number and picture is captioned with: "; coverage 30 of 32 states", empty where all have a model. */
export function coverageCaption(report: Pick<Report, 'models' | 'coverage'>): string {
  const covered = coveredStates(report);
  return covered === undefined ? '' : `; coverage ${covered}`;
}
