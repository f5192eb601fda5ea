import type { Rule } from '../rules.ts';
import { parseStateRange } from './stateRange.ts';

/** What of a spec the rules look at. */
interface Parts {
  schedule: { states: number; statesPerModel: number };
  execution: { states?: string | undefined };
  sampling: { minStates?: number | undefined; requiredStates?: string | undefined };
  checkpoints: { volume?: { perModel?: unknown } | undefined };
}

const firstOf = (field: string) => `int(${field}.split('-')[0])`;
const lastOf = (field: string) => `int(${field}.split('-')[${field}.split('-').size() - 1])`;
const share = 'self.execution.states';
const required = 'self.sampling.requiredStates';

const beyond = (range: string | undefined, states: number) =>
  range !== undefined && parseStateRange(range).last >= states;

/** Rules of runs that train, or sample over, a part of the states. */
export const partRules: readonly Rule<Parts>[] = [
  {
    cel: `!has(${share}) || ${lastOf(share)} < self.schedule.states`,
    message: 'execution.states name a state that does not exist: states run from 0 to schedule.states − 1',
    path: ['execution', 'states'],
    check: ({ execution, schedule }) => !beyond(execution.states, schedule.states),
  },
  {
    cel: `!has(${share}) || (${firstOf(share)} % self.schedule.statesPerModel == 0 && (${lastOf(share)} + 1) % self.schedule.statesPerModel == 0)`,
    message:
      'execution.states must cover whole models: they begin at a multiple of schedule.statesPerModel and end before one',
    path: ['execution', 'states'],
    check({ execution: { states }, schedule: { statesPerModel } }) {
      if (states === undefined) return true;
      const { first, last } = parseStateRange(states);
      return first % statesPerModel === 0 && (last + 1) % statesPerModel === 0;
    },
  },
  {
    cel: `!has(${share}) || !has(self.checkpoints.volume) || !has(self.checkpoints.volume.perModel)`,
    message:
      'execution.states goes with a store that all clusters write to: checkpoints.objectStore, or one shared claim; claims of models are seen by one cluster only',
    path: ['execution', 'states'],
    check: ({ execution, checkpoints }) => execution.states === undefined || checkpoints.volume?.perModel === undefined,
  },
  {
    cel: '!has(self.sampling.minStates) || self.sampling.minStates <= self.schedule.states',
    message: 'sampling.minStates must not exceed schedule.states',
    path: ['sampling', 'minStates'],
    check: ({ sampling, schedule }) => (sampling.minStates ?? 0) <= schedule.states,
  },
  {
    cel: `!has(${required}) || ${lastOf(required)} < self.schedule.states`,
    message: 'sampling.requiredStates name a state that does not exist: states run from 0 to schedule.states − 1',
    path: ['sampling', 'requiredStates'],
    check: ({ sampling, schedule }) => !beyond(sampling.requiredStates, schedule.states),
  },
];
