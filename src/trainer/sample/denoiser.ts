import { DdrError } from '../../api/errors.ts';
import type { NetworkShape } from '../../api/spec/dataset.ts';
import type { LatentState } from '../../diffusion/latentStates.ts';
import type { Prediction } from '../../diffusion/prediction.ts';
import type { Bundle, BundledModel } from '../artifacts/bundle.ts';
import type { Program } from '../engine/program.ts';
import { createRecordedProgram } from '../engine/recorder.ts';
import type { Tensor, Tensor4D, TensorFlow } from '../engine/tensorflow.ts';
import { type Conditioning, conditioningOf, embeddedTime } from '../model/conditioning.ts';
import { type ParameterSpec, totalSize, type UnetConfig, unetConfig } from '../model/parameters.ts';
import { parameterSpecs, parametersOf, unet } from '../model/unet.ts';

/** The model of a state: what it predicts, and its output for a batch of batchSize images. */
export interface StateModel {
  prediction: Prediction;
  denoise: (x: Float32Array) => Float32Array;
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
  const specs = parameterSpecs(config, conditioning);
  const shape = [batchSize, config.imageSize, config.imageSize, config.imageChannels];
  return createRecordedProgram(tf, {
    state: { weights: [totalSize(specs)] },
    inputs: { x: { shape, dtype: 'float32' }, ...conditioning.inputs(batchSize) },
    update: ({ weights }, inputs) => {
      const parameters = parametersOf(tf, specs, weights as Tensor);
      return {
        outputs: { output: unet(tf, config, conditioning, parameters, inputs.x as Tensor4D, inputs) },
        state: {},
      };
    },
  });
}

/** Weights of a bundled model as one vector in the network's order. */
async function weightsOf(bundle: Bundle, model: BundledModel, specs: readonly ParameterSpec[]): Promise<Float32Array> {
  const { tensors } = await bundle.read(model);
  const vector = new Float32Array(totalSize(specs));
  let offset = 0;
  for (const { name, shape } of specs) {
    const tensor = tensors.get(name);
    if (tensor === undefined || tensor.shape.join() !== shape.join()) {
      throw new DdrError('InputMismatch', `has no tensor ${name} of shape [${shape.join(', ')}]`, {
        where: model.file,
      });
    }
    vector.set(tensor.values, offset);
    offset += tensor.values.length;
  }
  return vector;
}

/**
 * @param image what the networks see
 * @param batchSize images of every call; a graph has one batch size
 */
export function createDenoisers(
  tf: typeof TensorFlow,
  bundle: Bundle,
  image: NetworkShape,
  batchSize: number,
): Denoisers {
  const { models, schedule } = bundle.manifest;
  const programs = new Map<string, { program: Program; holds?: number }>();
  return {
    async of({ index, timestep }) {
      const model = models.find(({ states }) => states.some((covered) => covered.index === index));
      if (model === undefined) throw new DdrError('ModelMissing', `the bundle has no model for state ${index}`);
      const config = unetConfig(model.model, image);
      const conditioning = conditioningOf(model.states.length, config.baseChannels);
      const key = JSON.stringify([config, conditioning.kind]);
      const entry = programs.get(key) ?? { program: forwardProgram(tf, config, conditioning, batchSize) };
      programs.set(key, entry);
      if (entry.holds !== model.index) {
        entry.program.write({ weights: await weightsOf(bundle, model, parameterSpecs(config, conditioning)) });
        entry.holds = model.index;
      }
      const condition = { timestep: embeddedTime(timestep, schedule.timesteps) };
      const told = conditioning.values(Array.from({ length: batchSize }, () => condition));
      return {
        prediction: model.prediction,
        denoise: (x) => entry.program.run({ x, ...told }).output as Float32Array,
      };
    },
    dispose() {
      for (const { program } of programs.values()) program.dispose();
      programs.clear();
    },
  };
}
