import type { Spec } from '../../api/spec/spec.ts';
import { parseStateRange } from '../../api/spec/stateRange.ts';

/** Models that a run trains, counted among the K; undefined where it trains all. */
export function ownModels({ execution: { states }, schedule }: Spec): { first: number; last: number } | undefined {
  if (states === undefined) return undefined;
  const range = parseStateRange(states);
  const of = (state: number) => Math.floor(state / schedule.statesPerModel);
  const own = { first: of(range.first), last: of(range.last) };
  return own.first === 0 && own.last === of(schedule.states - 1) ? undefined : own;
}

/** Whether a run trains one of the K models. */
export function isOwn(spec: Spec, model: number): boolean {
  const own = ownModels(spec);
  return own === undefined || (own.first <= model && model <= own.last);
}

/** States whose models a run trains, as messages have them; undefined where it trains all. */
export const shareOf = (spec: Spec): string | undefined =>
  ownModels(spec) === undefined ? undefined : spec.execution.states;
