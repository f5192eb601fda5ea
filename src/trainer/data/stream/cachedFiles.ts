import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/** Bytes [from, from + length) of what is kept. */
export interface Part {
  from: number;
  length: number;
}

/** A file of a cache. */
export interface CachedFile {
  /** Bytes that are kept. */
  length: number;
  /** Whether its checksum is known to be right: this process has written or read it. */
  sound: boolean;
}

/** Prefix of files that are being written, and the names of those that are whole. */
const writing = '.writing-';
const isName = (name: string) => /^[0-9a-f]{32}$/.test(name);

/** A checksum goes before the bytes: after a crash a file may be there with its length, and without its content. */
const headerBytes = 4;
/** A file takes whole blocks of the disk. */
const blockBytes = 4096;

/** What a file of so many bytes takes of the disk. */
export const onDisk = (length: number): number => Math.ceil((headerBytes + length) / blockBytes) * blockBytes;

async function fill(handle: FileHandle, length: number, position: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await handle.read(bytes, read, length - read, position + read);
    if (bytesRead === 0) throw new Error('ends before its length');
    read += bytesRead;
  }
  return bytes;
}

/**
 * Reads of a file. One that is not yet known to be sound is read whole.
 * @throws where the file is not there, or is not what was written
 */
export async function readCached(path: string, { length, sound }: CachedFile, part: Part): Promise<Uint8Array> {
  const handle = await open(path, 'r');
  try {
    if (sound) return await fill(handle, part.length, headerBytes + part.from);
    const whole = await fill(handle, headerBytes + length, 0);
    const bytes = whole.subarray(headerBytes);
    if (new DataView(whole.buffer).getUint32(0, true) !== crc32(bytes)) throw new Error('has another checksum');
    return bytes.subarray(part.from, part.from + part.length);
  } finally {
    await handle.close();
  }
}

/** Writes a file, which is there as a whole or not at all. @returns whether it could be written */
export async function writeCached(folder: string, name: string, bytes: Uint8Array): Promise<boolean> {
  const temporary = join(folder, `${writing}${randomUUID()}`);
  const header = new Uint8Array(headerBytes);
  new DataView(header.buffer).setUint32(0, crc32(bytes), true);
  try {
    await writeFile(temporary, [header, bytes]);
    await rename(temporary, join(folder, name));
    return true;
  } catch {
    await rm(temporary, { force: true }).catch(() => {});
    return false;
  }
}

/** Files that an earlier process has left, the one written longest ago first; those that were being written are removed. */
export async function cachedFiles(folder: string): Promise<Map<string, CachedFile>> {
  const names = await readdir(folder);
  const halves = names.filter((name) => name.startsWith(writing));
  await Promise.all(halves.map((name) => rm(join(folder, name), { force: true })));
  const found: { name: string; length: number; at: number }[] = [];
  for (const name of names.filter(isName)) {
    const { size, mtimeMs } = await stat(join(folder, name));
    found.push({ name, length: Math.max(0, size - headerBytes), at: mtimeMs });
  }
  found.sort((a, b) => a.at - b.at);
  return new Map(found.map(({ name, length }) => [name, { length, sound: false }]));
}
