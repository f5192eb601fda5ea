import { DdrError } from '../../api/errors.ts';
import type { LatentState } from '../../diffusion/latentStates.ts';
import type { Prediction } from '../../diffusion/prediction.ts';
import type { Bundle, BundledModel } from '../artifacts/bundle.ts';
import type { Program } from '../engine/program.ts';
import { createRecordedProgram } from '../engine/recorder.ts';
import type { Tensor, Tensor4D, TensorFlow } from '../engine/tensorflow.ts';
import { totalSize, type UnetConfig } from '../model/parameters.ts';
import { embeddedTime, parameterSpecs, parametersOf, unet } from '../model/unet.ts';

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

function forwardProgram(tf: typeof TensorFlow, config: UnetConfig, batchSize: number): Program {
  const specs = parameterSpecs(config);
  const shape = [batchSize, config.imageSize, config.imageSize, config.imageChannels];
  return createRecordedProgram(tf, {
    state: { weights: [totalSize(specs)] },
    inputs: {
      x: { shape, dtype: 'float32' },
      ...(config.timeEmbedding ? { timestep: { shape: [batchSize], dtype: 'float32' } } : {}),
    },
    update: ({ weights }, { x, timestep }) => ({
      outputs: { output: unet(tf, config, parametersOf(tf, specs, weights as Tensor), x as Tensor4D, timestep) },
      state: {},
    }),
  });
}

/** Weights of a bundled model as one vector in the network's order. */
async function weightsOf(bundle: Bundle, model: BundledModel, config: UnetConfig): Promise<Float32Array> {
  const { tensors } = await bundle.read(model);
  const specs = parameterSpecs(config);
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

/** @param batchSize images of every call; a graph has one batch size */
export function createDenoisers(tf: typeof TensorFlow, bundle: Bundle, batchSize: number): Denoisers {
  const { image, models } = bundle.manifest;
  const programs = new Map<string, { program: Program; holds?: number }>();
  return {
    async of({ state, timestep }) {
      const model = models.find(({ states }) => states.some((covered) => covered.state === state));
      if (model === undefined) throw new DdrError('ModelMissing', `the bundle has no model for state ${state}`);
      const timeEmbedding = model.states.length > 1;
      const config: UnetConfig = {
        ...model.model,
        imageSize: image.size,
        imageChannels: image.channels,
        timeEmbedding,
      };
      const key = JSON.stringify(config);
      const entry = programs.get(key) ?? { program: forwardProgram(tf, config, batchSize) };
      programs.set(key, entry);
      if (entry.holds !== model.index) {
        entry.program.write({ weights: await weightsOf(bundle, model, config) });
        entry.holds = model.index;
      }
      const steps = new Float32Array(batchSize).fill(embeddedTime(timestep, bundle.manifest.timesteps));
      return {
        prediction: model.prediction,
        denoise: (x) => entry.program.run(timeEmbedding ? { x, timestep: steps } : { x }).output as Float32Array,
      };
    },
    dispose() {
      for (const { program } of programs.values()) program.dispose();
      programs.clear();
    },
  };
}
