import { DdrError } from '../../api/errors.ts';
import type { NetworkShape } from '../../api/spec/dataset.ts';
import type { Sampling } from '../../api/spec/sampling.ts';
import type { LatentState } from '../../diffusion/latentStates.ts';
import type { Prediction } from '../../diffusion/prediction.ts';
import type { Bundle, BundledFile, BundledModel } from '../artifacts/bundle.ts';
import { conditionsOf } from '../artifacts/conditions.ts';
import type { ImageCondition } from '../data/imageSource.ts';
import type { Part, Program } from '../engine/program.ts';
import { createRecordedProgram } from '../engine/recorder.ts';
import type { Tensor, Tensor4D, TensorFlow } from '../engine/tensorflow.ts';
import { type Conditioning, conditioningOf, embeddedTime } from '../model/conditioning.ts';
import { groupParameters, groupVectors, parametersOf } from '../model/parameterGroups.ts';
import { type ParameterSpec, type UnetConfig, unetConfig } from '../model/parameters.ts';
import { parameterSpecs, unet } from '../model/unet.ts';
import { guidanceScale, guide } from './guidance.ts';

/** The model of a state: what it predicts, and its output for a batch of batchSize images, each with its condition. */
export interface StateModel {
  prediction: Prediction;
  denoise: (x: Float32Array, conditions: readonly ImageCondition[]) => Float32Array;
}

/** Gives the model of a state; the models of a bundle take turns in the same graph where their networks are alike. */
export interface Denoisers {
  /** Good until it is called for the next state. */
  of(state: LatentState): Promise<StateModel>;
  dispose(): void;
}

function forwardProgram(
  tf: typeof TensorFlow,
  config: UnetConfig,
  conditioning: Conditioning,
  batchSize: number,
): Program {
  const groups = groupParameters(parameterSpecs(config, conditioning));
  const shape = [batchSize, config.imageSize, config.imageSize, config.imageChannels];
  return createRecordedProgram(tf, {
    state: Object.fromEntries(groups.map(({ name, size }) => [name, [size]])),
    routines: {
      forward: {
        inputs: { x: { shape, dtype: 'float32' }, ...conditioning.inputs(batchSize) },
        update: (state, inputs) => {
          const vectors = groups.map(({ name }) => state[name] as Tensor);
          const parameters = parametersOf(tf, groups, vectors);
          return {
            outputs: { output: unet(tf, config, conditioning, parameters, inputs.x as Tensor4D, inputs) },
            stages: [],
          };
        },
      },
    },
  });
}

/** The file of a model's average. @throws DdrError ModelMissing */
function averageOf(model: BundledModel, average: number): BundledFile {
  const file = average === 0 ? model : model.further?.[average - 1];
  if (file !== undefined) return file;
  throw new DdrError('ModelMissing', `model ${model.index} has no average ${average}`, {
    where: model.file,
    hint: 'sampling.ema counts the half-lives of training.ema, the first being 0.',
  });
}

/** Weights of a bundled model, group by group. @throws DdrError InputMismatch where it is not of this network */
async function* weightsOf(bundle: Bundle, file: BundledFile, specs: readonly ParameterSpec[]): AsyncGenerator<Part> {
  const opened = await bundle.open(file);
  for (const { name, shape } of specs) {
    if (opened.tensors.get(name)?.shape.join() !== shape.join()) {
      throw new DdrError('InputMismatch', `has no tensor ${name} of shape [${shape.join(', ')}]`, { where: file.file });
    }
  }
  async function* parameters() {
    for (const { name } of specs) yield { name, values: await opened.read(name) };
  }
  for await (const [group, vector] of groupVectors(groupParameters(specs), parameters())) yield [group.name, vector];
}

/**
 * @param image what the networks see
 * @param sampling images of every call, as a graph has one batch size; how they are guided; and which of the models'
 *   averages is taken, counted as training.ema has their half-lives
 */
export function createDenoisers(
  tf: typeof TensorFlow,
  bundle: Bundle,
  image: NetworkShape,
  { batchSize, guidance, ema }: Pick<Sampling, 'batchSize' | 'guidance' | 'ema'>,
): Denoisers {
  const { models, schedule, conditions: known } = bundle.manifest;
  const programs = new Map<string, { program: Program; holds?: number }>();
  return {
    async of({ index, timestep }) {
      const model = models.find(({ states }) => states.some((covered) => covered.index === index));
      if (model === undefined) throw new DdrError('ModelMissing', `the bundle has no model for state ${index}`);
      const config = unetConfig(model.model, image);
      const conditioning = conditioningOf(model.states.length, config, conditionsOf(known));
      const key = JSON.stringify([config, conditioning.kind]);
      const entry = programs.get(key) ?? { program: forwardProgram(tf, config, conditioning, batchSize) };
      programs.set(key, entry);
      if (entry.holds !== model.index) {
        const specs = parameterSpecs(config, conditioning);
        await entry.program.write(weightsOf(bundle, averageOf(model, ema), specs));
        entry.holds = model.index;
      }
      const told = { timestep: embeddedTime(timestep, schedule.timesteps) };
      const output = (x: Float32Array, conditions: readonly ImageCondition[]) => {
        const values = conditioning.values(conditions.map((condition) => ({ ...condition, ...told })));
        return entry.program.run('forward', { x, ...values }).output as Float32Array;
      };
      const scale = guidanceScale(guidance, index);
      return {
        prediction: model.prediction,
        denoise(x, conditions) {
          if (scale === 1) return output(x, conditions);
          const free = output(
            x,
            conditions.map(() => ({})),
          );
          return guide(free, output(x, conditions), scale);
        },
      };
    },
    dispose() {
      for (const { program } of programs.values()) program.dispose();
      programs.clear();
    },
  };
}
