import { DdrError } from '../../api/errors.ts';

/** A key of a store as it is. @throws DdrError InputUnsafe where it is none: it could lead out of the store */
export function checkedKey(key: string): string {
  const plain = key.split('/').every((part) => part !== '' && part !== '.' && part !== '..' && !part.includes('\0'));
  if (!plain) throw new DdrError('InputUnsafe', 'is no key of the store', { where: key });
  return key;
}
