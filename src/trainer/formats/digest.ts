import { createHash } from 'node:crypto';

/** Bytes that a hash takes at once: it refuses 2 GiB. */
const pieceBytes = 2 ** 28;

/** sha256 over some bytes, however many, one after the other, as hexadecimal digits. */
export function sha256(...parts: readonly (Uint8Array | string)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    if (typeof part === 'string') hash.update(part);
    else for (let at = 0; at < part.length; at += pieceBytes) hash.update(part.subarray(at, at + pieceBytes));
  }
  return hash.digest('hex');
}
