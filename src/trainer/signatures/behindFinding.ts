import type { Finding } from '../artifacts/finding.ts';
import type { Trajectory } from '../artifacts/samples.ts';
import { findBehind } from './behind.ts';
import { type Detour, findDetours } from './detour.ts';
import { finalLoss } from './lossCurve.ts';
import type { TrainedModel } from './recorded.ts';
import { median } from './robust.ts';
import { overrideYaml, rangesOf, rounded, statesText } from './texts.ts';

/** A model that has seen so much less than the others is given as much; another is given twice what it had. */
const much = 1.5;

interface Seen {
  model: TrainedModel;
  loss?: { last: number; expected: number };
  detour?: Detour;
}

function imagesFor(behind: readonly TrainedModel[], others: readonly TrainedModel[]): number {
  const usual = others.length === 0 ? 0 : median(others.map(({ images }) => images));
  return Math.max(...behind.map(({ images }) => (usual > much * images ? Math.round(usual) : 2 * images)));
}

function messageOf(seen: readonly Seen[]): string {
  const times = seen.flatMap(({ loss }) => (loss === undefined ? [] : loss.last / loss.expected));
  const ways = seen.flatMap(({ detour }) => detour?.ratio ?? []);
  const one = seen.length === 1;
  const upTo = one ? '' : 'up to ';
  const said = [
    ...(times.length === 0
      ? []
      : [`final loss ${upTo}${rounded(Math.max(...times))} times what the others' curve says`]),
    ...(ways.length === 0
      ? []
      : [`x̂0 away from the next one's, a detour ${upTo}${rounded(Math.max(...ways))} times as long`]),
  ];
  const states = statesText(seen.map(({ model }) => model));
  return `${states.replace('s', 'S')} ${one && seen[0]?.model.states.length === 1 ? 'is' : 'are'} behind the neighbours: ${said.join('; ')}.`;
}

/**
 * Models that do not fit those of the states beside them, by their loss or by the images that they predict.
 * @param deviation root mean square of the data's deviations per value
 */
export function behindFinding(
  models: readonly TrainedModel[],
  trajectory: Trajectory | undefined,
  deviation: number,
): Finding | undefined {
  const places = models.flatMap((model) => {
    const loss = finalLoss(model.losses);
    return loss === undefined ? [] : [{ ...model, loss, model }];
  });
  const byLoss = new Map(
    findBehind(places).map(({ model: { model, loss }, expected }) => [model, { last: loss, expected }]),
  );
  const detours = trajectory === undefined ? [] : findDetours(trajectory, deviation);
  const visited = models.flatMap(({ states }) => states); // states without a model are not among them
  const seen = models.flatMap((model): Seen[] => {
    const loss = byLoss.get(model);
    const detour = detours.find(({ place }) => model.states.some(({ index }) => index === visited[place]?.index));
    if (loss === undefined && detour === undefined) return [];
    return [{ model, ...(loss && { loss }), ...(detour && { detour }) }];
  });
  if (seen.length === 0) return undefined;
  const behind = seen.map(({ model }) => model);
  const images = imagesFor(
    behind,
    models.filter((model) => !behind.includes(model)),
  );
  return {
    signature: 'StateBehind',
    states: rangesOf(behind),
    message: messageOf(seen),
    remedy: `Train longer in an override of these states, ${images} images say, or with a larger model.`,
    yaml: overrideYaml(behind, `{ images: ${images} }`),
    evidence: seen.map(({ model, loss, detour }) => ({
      what: statesText([model]),
      numbers: {
        images: model.images,
        ...(loss && { 'last loss': loss.last, 'expected loss': loss.expected }),
        ...(detour && { "x̂0 to the next one's": detour.distance, detour: detour.ratio }),
      },
    })),
  };
}
