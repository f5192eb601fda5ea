import { alphaBars } from '../../diffusion/schedule.ts';
import type { Report } from '../artifacts/report.ts';
import { type Axis, linearAxis, logAxis, position } from './axes.ts';
import { stateCount, statesOf } from './coverage.ts';
import { compact, escapeHtml, grouped, significant } from './text.ts';

const height = 270;
const margin = { left: 54, right: 22, top: 14, bottom: 42 };

/** Points that all curves have together at most, so that a report of a thousand models stays small. */
const maximumPoints = 20_000;

/** A chart's width in units of the text's size, and what is across and up. */
interface Plane {
  width: number;
  across: Axis;
  up: Axis;
}

const x = ({ width, across }: Plane, value: number) =>
  margin.left + position(across, value) * (width - margin.left - margin.right);
const y = ({ up }: Plane, value: number) =>
  height - margin.bottom - position(up, value) * (height - margin.top - margin.bottom);
const fixed = (value: number) => value.toFixed(1);
const tickText = (value: number) => (value >= 10_000 ? compact(value) : grouped(Number(value.toPrecision(3))));

/** Blue for the cleanest state to red for the noisiest. */
export const stateColour = (state: number, states: number): string =>
  `hsl(${Math.round(215 + (140 * state) / Math.max(1, states - 1))} 72% 54%)`;

function frame(title: string, plane: Plane, content: string): string {
  const { width, across, up } = plane;
  const [bottom, right] = [height - margin.bottom, width - margin.right];
  const text = (at: string, label: string, more = '') => `<text ${at} text-anchor="middle"${more}>${label}</text>`;
  const below = across.ticks.map((tick) => text(`x="${fixed(x(plane, tick))}" y="${bottom + 17}"`, tickText(tick)));
  const beside = up.ticks.map((tick) => {
    const at = fixed(y(plane, tick));
    return `<line class="grid" x1="${margin.left}" x2="${right}" y1="${at}" y2="${at}"/><text x="${margin.left - 8}" y="${at}" dy="4" text-anchor="end">${tickText(tick)}</text>`;
  });
  const [centre, middle] = [(margin.left + right) / 2, (margin.top + bottom) / 2];
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}">${beside.join('')}${below.join('')}<line class="axis" x1="${margin.left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>${text(`x="${centre}" y="${height - 5}"`, across.label)}${text(`x="12" y="${middle}"`, up.label, ` transform="rotate(-90 12 ${middle})"`)}${content}</svg>`;
}

const path = (points: [number, number][]) =>
  points.map(([px, py], i) => `${i === 0 ? 'M' : 'L'}${fixed(px)} ${fixed(py)}`).join('');

const rangeText = (states: Report['models'][number]['states']) =>
  states.length === 1 ? `state ${states[0]?.index}` : `states ${states[0]?.index}–${states.at(-1)?.index}`;

/** Loss against images seen, a curve per model, coloured by its noisiest state; undefined where none was recorded. */
export function lossChart(report: Report): string | undefined {
  const curves = report.models
    .map(({ states, losses }) => ({ states, losses: losses.filter(({ loss }) => loss > 0) }))
    .filter(({ losses }) => losses.length > 1);
  const points = curves.flatMap(({ losses }) => losses);
  if (points.length === 0) return undefined;
  const stride = Math.ceil(points.length / maximumPoints);
  const most = points.reduce((largest, { images }) => Math.max(largest, images), 0);
  const losses = points.map(({ loss }) => loss);
  const plane: Plane = { width: 540, across: linearAxis(0, most, 'images seen'), up: logAxis(losses, 'loss') };
  const states = stateCount(report);
  const lines = curves.map(({ states: own, losses }) => {
    const kept = losses.filter((_, i) => i % stride === 0 || i === losses.length - 1);
    const d = path(kept.map(({ images, loss }) => [x(plane, images), y(plane, loss)]));
    const colour = stateColour(own.at(-1)?.index ?? 0, states);
    return `<path class="loss" d="${d}" stroke="${colour}"><title>${rangeText(own)}</title></path>`;
  });
  return frame('Loss of each model against images seen', plane, lines.join(''));
}

type State = Report['models'][number]['states'][number];

function dot(report: Report, { index }: State, [cx, cy]: [number, number], title: string): string {
  const states = stateCount(report);
  return `<circle cx="${fixed(cx)}" cy="${fixed(cy)}" r="${states > 100 ? 2 : 4.5}" fill="${stateColour(index, states)}"><title>${escapeHtml(title)}</title></circle>`;
}

/** The last loss of each model over τ of its noisiest state; undefined where fewer than two were recorded. */
export function lastLossChart(report: Report): string | undefined {
  const last = report.models.flatMap(({ states, losses }) => {
    const [state, loss] = [states.at(-1), losses.at(-1)?.loss];
    return state !== undefined && loss !== undefined && loss > 0 ? [{ state, states, loss }] : [];
  });
  if (last.length < 2) return undefined;
  const across = linearAxis(0, report.schedule.timesteps, 'timestep τ');
  const up = logAxis(
    last.map(({ loss }) => loss),
    'last loss',
  );
  const plane: Plane = { width: 540, across, up };
  const points = last.map(({ state, states, loss }) => ({
    at: [x(plane, state.timestep), y(plane, loss)] as [number, number],
    state,
    title: `${rangeText(states)}: ${significant(loss)}`,
  }));
  const curve = `<path class="curve" d="${path(points.map(({ at }) => at))}"/>`;
  const dots = points.map(({ at, state, title }) => dot(report, state, at, title));
  return frame('Last loss of each model over the timestep', plane, curve + dots.join(''));
}

/** √ᾱ over the T-schedule, with the states marked on it. */
export function scheduleChart(report: Report): string {
  const { family, timesteps } = report.schedule;
  const up = linearAxis(0, 1, '√ᾱ, what is left of the image');
  const plane: Plane = { width: 400, across: linearAxis(0, timesteps, 'timestep τ'), up };
  const place = (timestep: number, alphaBar: number): [number, number] => [
    x(plane, timestep),
    y(plane, Math.sqrt(alphaBar)),
  ];
  const curve = path([...alphaBars(family, timesteps)].map((alphaBar, t) => place(t, alphaBar)));
  const marks = statesOf(report).map((state) => {
    const title = `state ${state.index}: τ = ${state.timestep}, ᾱ = ${significant(state.alphaBar)}`;
    return dot(report, state, place(state.timestep, state.alphaBar), title);
  });
  return frame(
    'The noise schedule and its latent states',
    plane,
    `<path class="curve" d="${curve}"/>${marks.join('')}`,
  );
}
