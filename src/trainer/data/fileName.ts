import { isUtf8 } from 'node:buffer';
import { escapeInvisible } from '../../api/invisible.ts';

/** A file's name or path as the system keeps it: bytes, which need not be text. */
export type FileName = Buffer<ArrayBufferLike>;

const slash = Buffer.from('/');

/** A path below a folder; the folder itself where one of the two is empty. */
export const joinNames = (folder: Uint8Array, name: Uint8Array): FileName =>
  folder.length === 0 || name.length === 0
    ? Buffer.concat([folder, name])
    : Buffer.concat(folder.at(-1) === slash[0] ? [folder, name] : [folder, slash, name]);

/** A name as people are shown it: its text, with bytes that are no UTF-8 and control characters as \xff. */
export function showName(name: Uint8Array): string {
  if (isUtf8(name)) return escapeInvisible(Buffer.from(name).toString('utf8'));
  let shown = '';
  for (let at = 0; at < name.length; ) {
    const length = [1, 2, 3, 4].find((size) => at + size <= name.length && isUtf8(name.subarray(at, at + size)));
    const part = name.subarray(at, at + (length ?? 1));
    shown += length === undefined ? `\\x${Buffer.from(part).toString('hex')}` : showName(part);
    at += part.length;
  }
  return shown;
}
