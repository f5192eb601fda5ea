import { DdrError } from '../../api/errors.ts';
import type { Prediction } from '../../diffusion/prediction.ts';
import type { UnetConfig } from '../model/parameters.ts';
import { structureOf } from '../model/structure.ts';

/** What decides whether the weights of one network are weights of another. */
export interface Network {
  config: UnetConfig;
  /** What its output is; undefined where nobody says. */
  prediction: Prediction | undefined;
  told: Told;
}

/** What a network is told. */
export interface Told {
  timestep: boolean;
  /** Rows of its table of classes, the null class among them; 0 where it has none. */
  classes: number;
}

/** What a network with those parameters is told. */
export function toldOf(parameters: Iterable<{ name: string; shape: readonly number[] }>): Told {
  const shapes = new Map([...parameters].map(({ name, shape }) => [name, shape] as const));
  return { timestep: shapes.has('time.0.w'), classes: shapes.get('class.w')?.[0] ?? 0 };
}

/** Fields of `model` that a network's blocks follow from. */
const ofBlocks = [
  'baseChannels',
  'channelMultipliers',
  'residualBlocks',
  'attentionResolutions',
  'transformerDepths',
  'headChannels',
] as const;

/** A network's configuration for images of another size: its levels stay, their resolutions are others. */
const resized = (config: UnetConfig, imageSize: number): UnetConfig => ({
  ...config,
  imageSize,
  attentionResolutions: config.attentionResolutions.map((each) => (each * imageSize) / config.imageSize),
});

const equal = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** Fields in which networks of two configurations may compute other things from the same weights, or have others. */
function comparedFields(there: UnetConfig, here: UnetConfig, told: Told): (keyof UnetConfig)[] {
  const blocks = equal(structureOf(there), structureOf(here)) ? [] : ofBlocks;
  const projections = here.transformerDepths.some((depth) => depth > 0) ? (['projections'] as const) : [];
  const padding = here.channelMultipliers.length > 1 ? (['downsamplePadding'] as const) : [];
  const time = told.timestep ? (['timeOrder', 'timeFrequencyShift'] as const) : [];
  return [...blocks, ...projections, 'normGroups', 'normEpsilon', ...padding, ...time];
}

/**
 * Refuses weights of a network that computes something else, or is told something else.
 * @param there the network that they are of, and `here` the one that is to begin from them
 * @throws DdrError InputMismatch naming the field and what to set it to
 */
export function requireFit(there: Network, here: Network, where: string): void {
  const refuse = (message: string, hint: string) => {
    throw new DdrError('InputMismatch', message, { where, hint });
  };
  const theirs = resized(there.config, here.config.imageSize);
  if (theirs.imageChannels !== here.config.imageChannels)
    refuse(
      `is of a network that sees ${theirs.imageChannels} channels, and this run's see ${here.config.imageChannels}`,
      'Begin from a network of such images, or of such latents.',
    );
  const field = comparedFields(theirs, here.config, here.told).find((name) => !equal(theirs[name], here.config[name]));
  if (field !== undefined) {
    const [found, wanted] = [theirs[field], here.config[field]].map((value) => JSON.stringify(value));
    refuse(
      `is of a network whose ${field} is ${found}, and model.${field} is ${wanted}`,
      `Set model.${field} to ${found}.`,
    );
  }
  if (there.prediction !== undefined && here.prediction !== undefined && there.prediction !== here.prediction)
    refuse(
      `is of a model that predicts ${there.prediction}, and training.prediction is ${here.prediction}`,
      `Set training.prediction to ${there.prediction}.`,
    );
  requireTold(there.told, here.told, refuse);
}

function requireTold(there: Told, here: Told, refuse: (message: string, hint: string) => void): void {
  if (there.timestep && !here.timestep)
    refuse(
      'is of a network that is told the timestep, and this run’s models of one latent state are not',
      'Set model.timeEmbedding to Always.',
    );
  if (!there.timestep && here.timestep)
    refuse(
      'is of a network that is not told the timestep, and this run’s are',
      'It can begin models of one latent state: set schedule.statesPerModel to 1 and model.timeEmbedding to WhereNeeded.',
    );
  if (there.classes !== here.classes)
    refuse(
      `is of a network that ${classesText(there)}, and one of this run ${classesText(here)}`,
      there.classes === 0
        ? 'Set model.classEmbedding to None, or leave dataset.labels out.'
        : `Give dataset.labels with ${there.classes - 1} classes, and model.classEmbedding as it was.`,
    );
}

const classesText = ({ classes }: Told) =>
  classes === 0 ? 'is told no classes' : `is told ${classes - 1} classes and the null class`;

interface Shaped {
  shape: readonly number[];
}

/**
 * Refuses a file that has not just the tensors that are wanted.
 * @param spared names that may be left over
 * @throws DdrError InputMismatch naming the tensor
 */
export function requireTensors(
  there: ReadonlyMap<string, Shaped>,
  wanted: ReadonlyMap<string, Shaped>,
  where: string,
  spared: ReadonlySet<string> = new Set(),
): void {
  const hint = 'Its networks are told of images otherwise than this run’s, or it is damaged.';
  for (const [name, { shape }] of wanted) {
    const found = there.get(name);
    if (found !== undefined && equal(found.shape, shape)) continue;
    const other = found === undefined ? `has no tensor ${name}` : `has ${name} of shape [${found.shape.join(', ')}]`;
    throw new DdrError('InputMismatch', `${other}, and the network one of shape [${shape.join(', ')}]`, {
      where,
      hint,
    });
  }
  for (const name of there.keys()) {
    if (wanted.has(name) || spared.has(name)) continue;
    throw new DdrError('InputMismatch', `has a tensor ${name}, which the network has not`, { where, hint });
  }
}
