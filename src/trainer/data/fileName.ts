import { isUtf8 } from 'node:buffer';

/** A file's name or path as the system keeps it: bytes, which need not be text. */
export type FileName = Buffer<ArrayBufferLike>;

const slash = Buffer.from('/');

/** A path below a folder; the folder itself where one of the two is empty. */
export const joinNames = (folder: Uint8Array, name: Uint8Array): FileName =>
  folder.length === 0 || name.length === 0
    ? Buffer.concat([folder, name])
    : Buffer.concat(folder.at(-1) === slash[0] ? [folder, name] : [folder, slash, name]);

/** What a terminal would act on instead of showing it: control characters, and those that turn a line around. */
const invisible = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu;

const escapeCharacter = (character: string): string => {
  const code = character.codePointAt(0) as number;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
};

/** A name as people are shown it: its text, with bytes that are no UTF-8 and control characters as \xff. */
export function showName(name: Uint8Array): string {
  if (isUtf8(name)) return Buffer.from(name).toString('utf8').replaceAll(invisible, escapeCharacter);
  let shown = '';
  for (let at = 0; at < name.length; ) {
    const length = [1, 2, 3, 4].find((size) => at + size <= name.length && isUtf8(name.subarray(at, at + size)));
    const part = name.subarray(at, at + (length ?? 1));
    shown += length === undefined ? `\\x${Buffer.from(part).toString('hex')}` : showName(part);
    at += part.length;
  }
  return shown;
}
