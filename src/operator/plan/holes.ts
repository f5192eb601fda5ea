import { coverageText } from '../../api/coverage.ts';
import type { Spec } from '../../api/spec/spec.ts';
import { parseStateRange } from '../../api/spec/stateRange.ts';
import type { Child } from './child.ts';

/**
 * Models, counted among the K, that were given up and that the run goes on without; none while others may still be trained,
 * where sampling.minStates does not allow it, or where another run aggregates. Models of other clusters are taken to come.
 */
export function holesOf({ sampling, execution, schedule }: Spec, models: readonly Child[]): readonly number[] {
  const { minStates, requiredStates } = sampling;
  if (minStates === undefined || !execution.aggregate) return [];
  if (!models.every(({ phase }) => phase === 'done' || phase === 'failed')) return [];
  const failed = models.flatMap(({ phase, model }) => (phase === 'failed' && model !== undefined ? model : []));
  const missing = failed.flatMap(({ states }) => states.map(({ index }) => index));
  if (schedule.states - missing.length < minStates) return [];
  const required = requiredStates === undefined ? undefined : parseStateRange(requiredStates);
  if (required !== undefined && missing.some((state) => required.first <= state && state <= required.last)) return [];
  return failed.map(({ index }) => index);
}

/** "30 of 32 states"; undefined where all have a model. */
export function coverageOf({ schedule }: Spec, holes: readonly number[]): string | undefined {
  const { states, statesPerModel } = schedule;
  return holes.length === 0 ? undefined : coverageText(states - holes.length * statesPerModel, states);
}
