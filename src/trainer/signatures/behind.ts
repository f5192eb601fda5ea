import type { LatentState } from '../../diffusion/latentStates.ts';
import { imageCoefficients, type Prediction, predictions } from '../../diffusion/prediction.ts';
import { logSnr } from '../../diffusion/schedule.ts';
import { spread } from './robust.ts';

/** A model's place on the curve of final losses. */
export interface FinalLoss {
  states: readonly LatentState[];
  prediction: Prediction;
  loss: number;
}

/** A model whose loss is above the curve of the others. */
export interface Behind<T> {
  model: T;
  /** What the others' curve says at its states, in its own unit. */
  expected: number;
}

/** Between neighbours a loss follows the curve to within a few percent; half as much again is none of its bends. */
const leastBetween = Math.log(1.5);
/** At the ends there are neighbours on one side only, and the curve is known less well. */
const leastAtEnd = Math.log(2);
/** In standard deviations of how far the others are from their own curve. */
const certain = 4;
/** Others that make a curve. */
const leastOthers = 3;
/** Neighbours that are looked at together: an override is often for a few states. */
const together = [1, 2, 3];
/** Of the models, those that can be behind: of more, nobody can say which are the rule. */
const largestPart = 1 / 3;

interface Point<T> {
  model: T;
  /** Log signal-to-noise ratio, over which losses are smooth. */
  at: number;
  /** Log loss in the unit of each prediction. */
  logs: number[];
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Squared error in x̂0 of one in the output, as a logarithm. */
const logWeight = (prediction: Prediction, states: readonly LatentState[]) =>
  meanOf(states.map(({ alphaBar }) => 2 * Math.log(Math.abs(imageCoefficients(prediction, alphaBar).output))));

function pointOf<T extends FinalLoss>(model: T): Point<T> {
  const { states, prediction, loss } = model;
  const image = Math.log(loss) + logWeight(prediction, states);
  return {
    model,
    at: meanOf(states.map(({ alphaBar }) => logSnr(alphaBar))),
    logs: predictions.map((unit) => image - logWeight(unit, states)),
  };
}

/** The log loss on the line through two points. */
function onLine<T>(a: Point<T>, b: Point<T>, at: number, unit: number): number {
  const [from, to] = [a.logs[unit] as number, b.logs[unit] as number];
  return from + ((to - from) * (at - a.at)) / (b.at - a.at);
}

/**
 * How far a point between two others is above their line, in the unit in which that is least: a bend that one unit has is
 * often none in another, and a bad model is bad in all.
 */
function aboveNeighbours<T>(points: readonly Point<T>[], i: number): number {
  const [before, { at, logs }, after] = points.slice(i - 1, i + 2) as [Point<T>, Point<T>, Point<T>];
  return Math.min(...logs.map((log, unit) => log - onLine(before, after, at, unit)));
}

/** How far the first or last point is above its neighbour and the line that leads to it, in the unit of its own prediction. */
function aboveEnd<T extends FinalLoss>(points: readonly Point<T>[], i: number): number {
  const [{ model, at, logs }, near, far] = (i === 0 ? points.slice(0, 3) : points.slice(-3).reverse()) as [
    Point<T>,
    Point<T>,
    Point<T>,
  ];
  const unit = predictions.indexOf(model.prediction);
  return (logs[unit] as number) - Math.max(near.logs[unit] as number, onLine(near, far, at, unit));
}

/** How far a point is above the curve of its neighbours, in log loss, and by how much that is more than a curve has. @param points three at least */
function judge<T extends FinalLoss>(points: readonly Point<T>[], i: number): { above: number; excess: number } {
  const isEnd = i === 0 || i === points.length - 1;
  const above = isEnd ? aboveEnd(points, i) : aboveNeighbours(points, i);
  return { above, excess: above - (isEnd ? leastAtEnd : leastBetween) };
}

/** How far the points between the ends usually are from their neighbours' lines. */
const usualOf = <T extends FinalLoss>(points: readonly Point<T>[]): number =>
  spread(points.slice(1, -1).map((_, i) => judge(points, i + 1).above));

/** Neighbours that are looked at together. */
interface Neighbours<T> {
  first: number;
  members: { point: Point<T>; above: number; excess: number }[];
  /** Of the member that stands out least. */
  least: { above: number; excess: number };
}

/** Neighbours as seen from the curve that is left without them. Of that, no more than two points on either side matter. */
function neighbours<T extends FinalLoss>(points: readonly Point<T>[], first: number, length: number): Neighbours<T> {
  const before = points.slice(Math.max(0, first - 2), first);
  const after = points.slice(first + length, first + length + 2);
  const members = points
    .slice(first, first + length)
    .map((point) => ({ point, ...judge([...before, point, ...after], before.length) }));
  const least = (of: 'above' | 'excess') => Math.min(...members.map((member) => member[of]));
  return { first, members, least: { above: least('above'), excess: least('excess') } };
}

/** The neighbours, so many, that stand out most; undefined where none do. */
function worstOf<T extends FinalLoss>(points: readonly Point<T>[], length: number): Neighbours<T> | undefined {
  let worst: Neighbours<T> | undefined;
  for (let first = 0; first + length <= points.length; first++) {
    const found = neighbours(points, first, length);
    if (found.least.excess > (worst?.least.excess ?? 0)) worst = found;
  }
  if (worst === undefined) return undefined;
  return worst.least.above > certain * usualOf(points.toSpliced(worst.first, length)) ? worst : undefined;
}

/**
 * Models whose final loss is above the curve of the others over the states. The worst is taken off, then the worst of the
 * rest; where no single one stands out, two or three neighbours may, which would otherwise excuse each other.
 * @param models those with a loss, in the order of their states
 */
export function findBehind<T extends FinalLoss>(models: readonly T[]): Behind<T>[] {
  const found: Behind<T>[] = [];
  let points = models.filter(({ loss }) => loss > 0).map(pointOf);
  const most = Math.floor(points.length * largestPart);
  for (;;) {
    const lengths = together.filter((length) => found.length + length <= most && points.length - length >= leastOthers);
    const worst = lengths.reduce<Neighbours<T> | undefined>(
      (first, length) => first ?? worstOf(points, length),
      undefined,
    );
    if (worst === undefined) return found;
    found.push(
      ...worst.members.map(({ point: { model }, above }) => ({ model, expected: model.loss / Math.exp(above) })),
    );
    points = points.toSpliced(worst.first, worst.members.length);
  }
}
