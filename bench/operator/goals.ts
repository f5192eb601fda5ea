import { writeFileSync } from 'node:fs';

/** A number of a scenario, beside the goal that it is held against. */
export interface Measurement {
  scenario: string;
  what: string;
  value: number;
  unit: string;
  /** At most, or at least; none where the number is only reported. */
  goal?: { atMost: number } | { atLeast: number };
}

export const isMet = ({ value, goal }: Measurement): boolean | undefined => {
  if (goal === undefined) return undefined;
  return 'atMost' in goal ? value <= goal.atMost : value >= goal.atLeast;
};

const shown = (value: number) => (Number.isInteger(value) ? String(value) : value.toPrecision(3));

/** The measurements as a table for people. */
export function table(measurements: readonly Measurement[]): string {
  const rows = measurements.map((measurement) => {
    const { scenario, what, value, unit, goal } = measurement;
    const wanted = goal === undefined ? '' : 'atMost' in goal ? `≤ ${goal.atMost}` : `≥ ${goal.atLeast}`;
    const met = isMet(measurement);
    return [scenario, what, `${shown(value)} ${unit}`, wanted, met === undefined ? '' : met ? 'yes' : 'NO'];
  });
  const all = [['scenario', 'what', 'measured', 'goal', 'met'], ...rows];
  const widths = (all[0] as string[]).map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] as number))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/**
 * Prints a table, and JSON, or writes that to a file. The process is to exit with 1 where a goal is not met.
 * @param file for the JSON
 */
export function report(measurements: readonly Measurement[], file: string | undefined): void {
  console.log(table(measurements));
  const json = JSON.stringify(measurements, undefined, 1);
  if (file === undefined) console.log(json);
  else writeFileSync(file, `${json}\n`);
  if (measurements.some((measurement) => isMet(measurement) === false)) process.exitCode = 1;
}
