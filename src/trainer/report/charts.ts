import { alphaBars, type Family } from '../../diffusion/schedule.ts';
import type { Report } from './report.ts';

const [width, height] = [520, 260];
const margin = { left: 52, right: 12, top: 12, bottom: 36 };

interface Axis {
  from: number;
  to: number;
  log: boolean;
  ticks: number[];
  label: string;
}

/** Position of a value between the ends of an axis, 0 … 1. */
function position({ from, to, log }: Axis, value: number): number {
  const scale = log ? Math.log10 : (x: number) => x;
  return to === from ? 0.5 : (scale(value) - scale(from)) / (scale(to) - scale(from));
}

const x = (axis: Axis, value: number) => margin.left + position(axis, value) * (width - margin.left - margin.right);
const y = (axis: Axis, value: number) =>
  height - margin.bottom - position(axis, value) * (height - margin.top - margin.bottom);
const fixed = (value: number) => value.toFixed(1);
const shown = (value: number) =>
  Math.abs(value) >= 10_000 ? `${Math.round(value / 1000)}k` : String(Number(value.toPrecision(3)));

/** Whole powers of ten and, where there are few of them, their doubles and fivefolds within [from, to]. */
function logTicks(from: number, to: number): number[] {
  const decades = Array.from({ length: 12 }, (_, i) => 10 ** (i - 7));
  const fine = decades.flatMap((decade) => [decade, 2 * decade, 5 * decade]);
  const inside = (values: number[]) => values.filter((value) => value >= from && value <= to);
  return inside(decades).length >= 3 ? inside(decades) : inside(fine);
}

const evenTicks = (from: number, to: number) => Array.from({ length: 5 }, (_, i) => from + ((to - from) * i) / 4);

/** Blue for the cleanest state to red for the noisiest. */
export const stateColour = (state: number, states: number): string =>
  `hsl(${Math.round(220 + (140 * state) / Math.max(1, states - 1))} 70% 52%)`;

function frame(title: string, horizontal: Axis, vertical: Axis, content: string): string {
  const bottom = height - margin.bottom;
  const gridX = horizontal.ticks.map(
    (tick) =>
      `<text class="tick" x="${fixed(x(horizontal, tick))}" y="${bottom + 14}" text-anchor="middle">${shown(tick)}</text>`,
  );
  const gridY = vertical.ticks.map((tick) => {
    const at = fixed(y(vertical, tick));
    return `<line class="grid" x1="${margin.left}" x2="${width - margin.right}" y1="${at}" y2="${at}"/><text class="tick" x="${margin.left - 6}" y="${at}" dy="4" text-anchor="end">${shown(tick)}</text>`;
  });
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">${gridY.join('')}${gridX.join('')}
<line class="axis" x1="${margin.left}" x2="${width - margin.right}" y1="${bottom}" y2="${bottom}"/>
<text class="tick" x="${(margin.left + width - margin.right) / 2}" y="${height - 4}" text-anchor="middle">${horizontal.label}</text>
<text class="tick" x="14" y="${(margin.top + bottom) / 2}" text-anchor="middle" transform="rotate(-90 14 ${(margin.top + bottom) / 2})">${vertical.label}</text>
${content}</svg>`;
}

const path = (points: [number, number][]) =>
  points.map(([px, py], i) => `${i === 0 ? 'M' : 'L'}${fixed(px)} ${fixed(py)}`).join('');

/** Loss against images seen, a curve per model, coloured by its noisiest state. */
export function lossChart(report: Report): string | undefined {
  const curves = report.models.filter(({ losses }) => losses.length > 1);
  const points = curves.flatMap(({ losses }) => losses);
  if (points.length === 0) return undefined;
  const values = points.map(({ loss }) => loss).filter((loss) => loss > 0);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const most = Math.max(...points.map(({ images }) => images));
  const horizontal: Axis = { from: 0, to: most, log: false, ticks: evenTicks(0, most), label: 'images seen' };
  const vertical: Axis = { from: low, to: high, log: true, ticks: logTicks(low, high), label: 'loss' };
  const states = report.models.flatMap((model) => model.states).length;
  const lines = curves.map(({ index, states: own, losses }) => {
    const d = path(
      losses.filter(({ loss }) => loss > 0).map(({ images, loss }) => [x(horizontal, images), y(vertical, loss)]),
    );
    return `<path d="${d}" fill="none" stroke="${stateColour(own.at(-1)?.state ?? 0, states)}" stroke-width="1.5"><title>model ${index}</title></path>`;
  });
  return frame('Loss of each model', horizontal, vertical, lines.join(''));
}

/** √ᾱ over the T-schedule, with the states marked on it. */
export function scheduleChart({ schedule, models }: Report): string {
  const { family, timesteps } = schedule;
  const horizontal: Axis = {
    from: 0,
    to: Math.max(1, timesteps - 1),
    log: false,
    ticks: evenTicks(0, timesteps - 1),
    label: 'timestep τ',
  };
  const vertical: Axis = {
    from: 0,
    to: 1,
    log: false,
    ticks: [0, 0.25, 0.5, 0.75, 1],
    label: '√ᾱ, what is left of the image',
  };
  const curve = path(
    [...alphaBars(family as Family, timesteps)].map((alphaBar, t) => [
      x(horizontal, t),
      y(vertical, Math.sqrt(alphaBar)),
    ]),
  );
  const states = models.flatMap((model) => model.states);
  const marks = states.map(
    ({ state, timestep, alphaBar }) =>
      `<circle cx="${fixed(x(horizontal, timestep))}" cy="${fixed(y(vertical, Math.sqrt(alphaBar)))}" r="${states.length > 100 ? 1.5 : 4}" fill="${stateColour(state, states.length)}"><title>state ${state}: τ = ${timestep}, ᾱ = ${alphaBar.toPrecision(4)}</title></circle>`,
  );
  return frame(
    'The noise schedule and its latent states',
    horizontal,
    vertical,
    `<path class="curve" d="${curve}" fill="none"/>${marks.join('')}`,
  );
}
