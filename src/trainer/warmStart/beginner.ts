import type { NetworkShape } from '../../api/spec/dataset.ts';
import type { Model } from '../../api/spec/model.ts';
import type { Prediction } from '../../diffusion/prediction.ts';
import { type Conditions, conditioningOf } from '../model/conditioning.ts';
import { unetConfig } from '../model/parameters.ts';
import { parameterSpecs } from '../model/unet.ts';
import { toldOf } from './fit.ts';
import type { Beginner } from './source.ts';

/** The network of a model of so many states that is to begin from weights that exist. @param image what it sees */
export function beginnerOf(
  { model, prediction }: { model: Model; prediction: Prediction },
  states: number,
  image: NetworkShape,
  conditions: Conditions,
): Beginner {
  const config = unetConfig(model, image);
  const specs = parameterSpecs(config, conditioningOf(states, model, conditions));
  return { config, prediction, specs, told: toldOf(specs) };
}
