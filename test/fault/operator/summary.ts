import type { FaultPlan } from './faultPlan.ts';
import { faults } from './faultPlan.ts';
import type { Write } from './faultProxy.ts';

/** What one seed has brought. */
export interface Outcome {
  seed: number | string;
  plan: FaultPlan;
  seconds: number;
  models: number;
  writes: readonly Write[];
  found: string[];
}

const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;

/** Writes that have reached the server: of Jobs, and of statuses. */
const countOf = (writes: readonly Write[], pattern: RegExp) =>
  writes.filter(({ path, status }) => status !== undefined && pattern.test(path)).length;

/** Two tables in Markdown: what was injected, and what came of it. */
export function summaryOf(outcomes: readonly Outcome[]): string {
  const seeds = outcomes.map(({ seed }) => `seed ${seed}`);
  const counts = faults.map((fault) => {
    const each = outcomes.map(({ plan }) => plan.injected.get(fault) ?? 0);
    return row([fault, ...each, each.reduce((sum, count) => sum + count, 0)]);
  });
  const totals = outcomes.map(({ plan }) => plan.total);
  return [
    row(['injected', ...seeds, 'together']),
    row(['---', ...seeds.map(() => '---'), '---']),
    ...counts,
    row(['all', ...totals, totals.reduce((sum, count) => sum + count, 0)]),
    '',
    row(['seed', 'seconds', 'models', 'writes of Jobs per model', 'writes of statuses', 'found']),
    row(['---', '---', '---', '---', '---', '---']),
    ...outcomes.map(({ seed, seconds, models, writes, found }) =>
      row([
        seed,
        seconds.toFixed(0),
        models,
        (countOf(writes, /\/jobs/) / models).toFixed(2),
        countOf(writes, /\/status$/),
        found.length === 0 ? 'nothing' : found.join('; '),
      ]),
    ),
  ].join('\n');
}
