/** An axis of a chart. */
export interface Axis {
  from: number;
  to: number;
  log: boolean;
  ticks: number[];
  label: string;
}

const steps = [1, 2, 2.5, 5, 10];

/** Round numbers within [from, to], about four apart. */
function roundTicks(from: number, to: number): number[] {
  const rough = (to - from) / 4 || 1;
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = decade * (steps.find((candidate) => candidate * decade >= rough * 0.999) ?? 10);
  const first = Math.ceil(from / step - 1e-9);
  const count = Math.floor(to / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, i) => (first + i) * step);
}

/** Powers of ten within [from, to], with their doubles and fivefolds where there are few. */
function logTicks(from: number, to: number): number[] {
  const inside = (values: number[]) => values.filter((value) => value >= from && value <= to);
  const first = Math.floor(Math.log10(from));
  const decades = Array.from({ length: Math.ceil(Math.log10(to)) - first + 1 }, (_, i) => 10 ** (first + i));
  const tens = inside(decades);
  return tens.length >= 3 ? tens : inside(decades.flatMap((ten) => [ten, 2 * ten, 5 * ten]));
}

export const linearAxis = (from: number, to: number, label: string): Axis => ({
  from,
  to,
  log: false,
  ticks: roundTicks(from, to),
  label,
});

/** A logarithmic axis with a little room at both ends. The values are positive. */
export function logAxis(values: readonly number[], label: string): Axis {
  const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = values.reduce((most, value) => Math.max(most, value), 0);
  const [from, to] = [low / 1.15, high * 1.15];
  return { from, to, log: true, ticks: logTicks(from, to), label };
}

/** Position of a value between the ends of an axis, 0 … 1. */
export function position({ from, to, log }: Axis, value: number): number {
  const scale = log ? Math.log10 : (x: number) => x;
  return to === from ? 0.5 : (scale(value) - scale(from)) / (scale(to) - scale(from));
}
