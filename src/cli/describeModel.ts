import { existsSync } from 'node:fs';
import { dump } from 'js-yaml';
import { DdrError } from '../api/errors.ts';
import { withoutDefaults } from '../api/hash.ts';
import type { Run } from '../api/run.ts';
import { networkShape } from '../api/spec/codec.ts';
import { type Model, modelSchema } from '../api/spec/model.ts';
import type { Training } from '../api/spec/training.ts';
import { modelPlans } from '../operator/plan/identity.ts';
import { type Conditions, conditioningOf } from '../trainer/model/conditioning.ts';
import { describeNetwork, type NetworkDescription } from '../trainer/model/description.ts';
import { type Preset, presets } from '../trainer/model/presets.ts';
import { counted } from './display.ts';
import { readRun } from './documents.ts';

/** A network to describe: of a preset, or of some of a run's models. */
interface Subject {
  title: string;
  model: Model;
  image: { size: number; channels: number };
  conditions: Conditions;
  /** Latent states of a model. */
  states: number;
  batchSize: number;
  /** Of these, images that are computed at once; 0 is all. */
  microBatchSize: number;
  /** Averages of the weights that are kept. */
  averages: number;
}

export interface ModelDescription extends Subject {
  network: NetworkDescription;
}

/** Images of a step of a preset, where nothing else is asked for. */
const presetBatchSize = 64;

const isPreset = (name: string): name is keyof typeof presets => Object.hasOwn(presets, name);

const subjectOfPreset = (name: string, { source, model, image, conditions }: Preset): Subject => ({
  title: `${name}: ${source}`,
  model,
  image,
  conditions,
  states: 1,
  batchSize: presetBatchSize,
  microBatchSize: 0,
  averages: 1,
});

const memoryOf = ({ batchSize, microBatchSize, ema }: Training) => [batchSize, microBatchSize, ema.further.length];

/** What the images of a run's dataset are told apart by. */
const conditionsOf = ({ labels, contexts }: Run['spec']['dataset']): Conditions => ({
  ...(labels && { classes: labels.classes }),
  ...(contexts && { context: { tokens: contexts.tokens, width: contexts.width } }),
});

/** The networks of a run, each once, with the states that have it. */
function subjectsOfRun({ metadata, spec }: Run): Subject[] {
  const alike = new Map<string, ReturnType<typeof modelPlans>>();
  for (const plan of modelPlans(spec)) {
    const key = JSON.stringify([plan.settings.model, memoryOf(plan.settings.training)]);
    alike.set(key, [...(alike.get(key) ?? []), plan]);
  }
  return [...alike.values()].flatMap((plans) => {
    const [first] = plans;
    if (first === undefined) return [];
    const { model, training } = first.settings;
    const states = plans.flatMap((plan) => plan.states.map(({ index }) => index));
    const title = `${metadata.name}: ${counted(plans.length, 'model')} of ${counted(first.states.length, 'state')} each, states ${states[0]}-${states.at(-1)}`;
    const image = networkShape(spec.dataset.image, spec.codec);
    return [
      {
        title,
        model,
        image,
        conditions: conditionsOf(spec.dataset),
        states: first.states.length,
        batchSize: training.batchSize,
        microBatchSize: training.microBatchSize,
        averages: 1 + training.ema.further.length,
      },
    ];
  });
}

/** @throws DdrError InputMissing that knows of presets too, and as {@link readRun} */
function readTarget(target: string): Run {
  if (target === '-' || existsSync(target)) return readRun(target);
  const hint = `Presets are ${Object.keys(presets).join(', ')}.`;
  throw new DdrError('InputMissing', 'is neither a preset nor a file', { where: target, hint });
}

/**
 * Networks of a preset or of a run's file, of which nothing is made.
 * @param batchSize images of a step; what the run says where left out
 * @throws DdrError as {@link readTarget}
 */
export function describeModels(target: string, batchSize?: number): ModelDescription[] {
  const subjects = isPreset(target) ? [subjectOfPreset(target, presets[target])] : subjectsOfRun(readTarget(target));
  return subjects.map((subject) => {
    const { model, image, conditions, states } = subject;
    const config = { ...model, imageSize: image.size, imageChannels: image.channels };
    const images = batchSize ?? subject.batchSize;
    const atOnce = batchSize === undefined && subject.microBatchSize > 0 ? subject.microBatchSize : images;
    const network = describeNetwork(config, conditioningOf(states, model, conditions), atOnce, subject.averages);
    return { ...subject, batchSize: images, network };
  });
}

const grouped = (value: number) => Math.round(value).toLocaleString('en-US');
const gibibytes = (bytes: number) => (bytes / 2 ** 30).toPrecision(3);

/** A table with columns of their own width, the first two to the left. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

function toldOf({ classes, context }: Conditions): string {
  const parts = [
    ...(classes === undefined ? [] : [`${classes} classes`]),
    ...(context === undefined ? [] : [`contexts of ${context.tokens} × ${context.width}`]),
  ];
  return parts.length === 0 ? '' : `, ${parts.join(', ')}`;
}

/** A description as lines of text, beginning with a `model` that can be copied into a spec. */
export function renderDescription(description: ModelDescription): string[] {
  const { title, model, image, conditions, batchSize, network } = description;
  const { layers, parameters, classParameters, flops, memory, batchSize: atOnce } = network;
  const own = { model: withoutDefaults(modelSchema, model) ?? {} };
  const rows = layers.map((layer) => [
    layer.name,
    layer.kind,
    layer.shape.join('×'),
    grouped(layer.parameters),
    (layer.flops / 1e9).toFixed(3),
  ]);
  const total = Object.values(memory).reduce((sum, bytes) => sum + bytes, 0);
  const ofClasses = classParameters === 0 ? '' : `, ${grouped(classParameters)} of them for classes`;
  const parts = Object.entries(memory).map(([part, bytes]) => `${part} ${gibibytes(bytes)}`);
  return [
    title,
    `images of ${image.size}×${image.size}×${image.channels}${toldOf(conditions)}`,
    '',
    ...dump(own, { flowLevel: 2 }).trimEnd().split('\n'),
    '',
    ...table([['LAYER', 'KIND', 'GIVES', 'PARAMETERS', 'GFLOP'], ...rows]),
    '',
    `${grouped(parameters)} parameters${ofClasses}`,
    `${(flops / 1e9).toPrecision(4)} GFLOP an image forwards, three times that in training`,
    `a step of ${batchSize} images${atOnce === batchSize ? '' : `, ${atOnce} at once,`} needs ${gibibytes(total)} GiB in float32: ${parts.join(', ')}`,
  ];
}
