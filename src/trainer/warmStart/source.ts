import type { LatentState } from '../../diffusion/latentStates.ts';
import type { NamedValues } from '../model/parameterGroups.ts';
import type { ParameterSpec } from '../model/parameters.ts';
import type { Network } from './fit.ts';

/** A network that is to begin from weights that exist. */
export interface Beginner extends Network {
  specs: readonly ParameterSpec[];
}

/** A model whose weights others begin from. */
export interface Source {
  /** For people: its file. */
  where: string;
  /**
   * Weights for a network, parameter by parameter in the order of its own.
   * @throws DdrError InputMismatch where they are not those of such a network, naming the field; InputForeign, FileAccess
   */
  weightsFor(network: Beginner): AsyncGenerator<NamedValues>;
}

/** A folder of weights that models begin from. */
export interface WarmStart {
  /** For people: where it is. */
  where: string;
  /** sha256 over all that is read of it. */
  digest: string;
  /** What a model of some states begins from; the same object where it is the same. */
  sourceOf(states: readonly LatentState[]): Source;
}
