import { DdrError } from '../../api/errors.ts';
import { isPlainPath } from '../formats/plainPath.ts';

/** A key of a store as it is. @throws DdrError InputUnsafe where it is none: it could lead out of the store */
export function checkedKey(key: string): string {
  if (!isPlainPath(key)) throw new DdrError('InputUnsafe', 'is no key of the store', { where: key });
  return key;
}
