import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { SourceFile } from '../sourceFiles.ts';

/** Bytes [offset, offset + length) of a file in the version that was listed. */
export interface FileRange {
  file: SourceFile;
  offset: number;
  length: number;
  /** Where the range holds several images: the one whose bytes, as they were taken out of it, are kept. */
  row?: number;
}

/** Bytes [from, from + length) of what is kept. */
export interface Part {
  from: number;
  length: number;
}

/** What was fetched of files before, on a disk of this machine. */
export interface RangeCache {
  /**
   * What is kept of a range, which is fetched where it is not there. What cannot be kept is not; that is no error.
   * @param part of it that is wanted; all where left out
   * @throws what `fetch` throws
   */
  read(range: FileRange, fetch: () => Promise<Uint8Array>, part?: Part): Promise<Uint8Array>;
  /** The bytes that it may take of the disk. */
  readonly limit: number;
  /** Bytes that it takes of the disk: never more than it may. */
  readonly used: number;
}

/** Prefix of files that are being written, and the names of those that are whole. */
const writing = '.writing-';
const isName = (name: string) => /^[0-9a-f]{32}$/.test(name);

/** A checksum goes before the bytes: after a crash a file may be there with its length, and without its content. */
const headerBytes = 4;
/** A file takes whole blocks of the disk. */
const blockBytes = 4096;
const onDisk = (length: number) => Math.ceil((headerBytes + length) / blockBytes) * blockBytes;

const nameOf = ({ file: { name, version }, offset, length, row }: FileRange): string =>
  createHash('sha256')
    .update(JSON.stringify([name, version, offset, length, row]))
    .digest('hex')
    .slice(0, 32);

interface Entry {
  /** Bytes that are kept. */
  length: number;
  /** Whether its checksum is known to be right: this process has written or read it. */
  sound: boolean;
}

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

/** @throws where the file is not there, or is not what was written */
async function readEntry(path: string, { length, sound }: Entry, part: Part): Promise<Uint8Array> {
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

/** Files of a cache that was there before, the one written longest ago first; those that were being written are removed. */
async function entriesOf(folder: string): Promise<Map<string, Entry>> {
  const names = await readdir(folder);
  const left = names.filter((name) => name.startsWith(writing));
  await Promise.all(left.map((name) => rm(join(folder, name), { force: true })));
  const found: { name: string; length: number; at: number }[] = [];
  for (const name of names.filter(isName)) {
    const { size, mtimeMs } = await stat(join(folder, name));
    found.push({ name, length: Math.max(0, size - headerBytes), at: mtimeMs });
  }
  found.sort((a, b) => a.at - b.at);
  return new Map(found.map(({ name, length }) => [name, { length, sound: false }]));
}

/**
 * Opens a cache that keeps what was asked for last. It is the only one that writes to its folder.
 * @param folder made where it is not there; what it holds of an earlier process is of use
 * @param limit bytes that it may take of the disk
 */
export async function openRangeCache(folder: string, limit: number): Promise<RangeCache> {
  await mkdir(folder, { recursive: true });
  /** The one that was asked for longest ago first. */
  const entries = await entriesOf(folder);
  const fetching = new Map<string, Promise<Uint8Array>>();
  let used = [...entries.values()].reduce((sum, { length }) => sum + onDisk(length), 0);
  let lastTurn: Promise<unknown> = Promise.resolve();
  await takeRoom(0);

  async function drop(name: string): Promise<void> {
    const entry = entries.get(name);
    if (entry === undefined) return;
    entries.delete(name);
    await rm(join(folder, name), { force: true }).catch(() => {});
    used -= onDisk(entry.length);
  }

  /** Takes room for so many bytes; others take theirs after it. @returns whether there is some */
  function takeRoom(size: number): Promise<boolean> {
    const turn = lastTurn.then(async () => {
      if (size > limit) return false;
      for (let oldest = first(); used + size > limit && oldest !== undefined; oldest = first()) await drop(oldest);
      if (used + size > limit) return false; // what is left is being written
      used += size;
      return true;
    });
    lastTurn = turn;
    return turn;
  }
  function first(): string | undefined {
    return entries.keys().next().value;
  }

  async function keep(name: string, bytes: Uint8Array): Promise<void> {
    const size = onDisk(bytes.length);
    if (!(await takeRoom(size))) return;
    const temporary = join(folder, `${writing}${randomUUID()}`);
    const header = new Uint8Array(headerBytes);
    new DataView(header.buffer).setUint32(0, crc32(bytes), true);
    try {
      await writeFile(temporary, [header, bytes]);
      await rename(temporary, join(folder, name));
      entries.set(name, { length: bytes.length, sound: true });
    } catch {
      await rm(temporary, { force: true }).catch(() => {}); // the disk is full: it is fetched again when it is needed
      used -= size;
    }
  }

  /** What the cache holds of a range; undefined where that is not so, or is damaged. */
  async function held(name: string, part: Part | undefined): Promise<Uint8Array | undefined> {
    const entry = entries.get(name);
    if (entry === undefined) return undefined;
    entries.delete(name); // and put in again at the end, as the newest
    entries.set(name, entry);
    try {
      const bytes = await readEntry(join(folder, name), entry, part ?? { from: 0, length: entry.length });
      entry.sound = true;
      return bytes;
    } catch {
      if (entries.get(name) === entry) await drop(name);
      return undefined;
    }
  }

  async function fetchAndKeep(name: string, fetch: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const bytes = await fetch();
    await keep(name, bytes);
    return bytes;
  }

  return {
    get used() {
      return used;
    },
    limit,
    async read(range, fetch, part) {
      const name = nameOf(range);
      const kept = await held(name, part);
      if (kept !== undefined) return kept;
      const under = fetching.get(name) ?? fetchAndKeep(name, fetch).finally(() => fetching.delete(name));
      fetching.set(name, under);
      const bytes = await under;
      return part === undefined ? bytes : bytes.subarray(part.from, part.from + part.length);
    },
  };
}
