import { z } from 'zod';
import { withRules } from '../rules.ts';

/** First and last state of a range written "8-9" or "8". */
export function parseStateRange(range: string): { first: number; last: number } {
  const [first = '', last = first] = range.split('-');
  return { first: Number(first), last: Number(last) };
}

/** A state or a range of states. @param description of the field */
export const stateRange = (description: string) =>
  withRules(
    z
      .string()
      .max(9)
      .regex(/^[0-9]{1,4}(-[0-9]{1,4})?$/, 'must be a state or a range of states, such as "8" or "8-9"')
      .describe(description),
    [
      {
        cel: "int(self.split('-')[0]) <= int(self.split('-')[self.split('-').size() - 1])",
        message: 'states must name the lower state first, such as "8-9"',
        check: (states) => parseStateRange(states).first <= parseStateRange(states).last,
      },
    ],
  );
