import { DdrError } from '../../api/errors.ts';
import { floatsOf, readNpz } from '../formats/npz.ts';
import type { Statistics } from './statistics.ts';

/**
 * Reads statistics as pytorch-fid keeps them: an .npz with `mu` [d] and `sigma` [d, d]. What else it holds is of no concern.
 * @param where file, for the message
 * @throws DdrError InputForeign, InputTruncated, InputUnsafe, and InputMismatch where mu and sigma do not fit
 */
export function readStatistics(bytes: Uint8Array, where: string): Statistics {
  const arrays = readNpz(bytes, where, ['mu', 'sigma']);
  const mean = floatsOf(arrays, 'mu', 1, where);
  const covariance = floatsOf(arrays, 'sigma', 2, where);
  const dimensions = mean.data.length;
  if (covariance.shape.some((size) => size !== dimensions)) {
    throw new DdrError('InputMismatch', `sigma is [${covariance.shape.join(', ')}] and mu has ${dimensions} values`, {
      where,
    });
  }
  if (![mean, covariance].every(({ data }) => data.every(Number.isFinite)))
    throw new DdrError('InputForeign', 'mu or sigma has values that are not finite', { where });
  return { count: undefined, dimensions, mean: mean.data, covariance: covariance.data };
}
