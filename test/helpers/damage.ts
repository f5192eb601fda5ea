import { readFileSync, writeFileSync } from 'node:fs';

/** Damages a file without changing its size. */
export function changeLastByte(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
  writeFileSync(path, bytes);
}
