import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SourceFile } from '../sourceFiles.ts';
import { type CachedFile, cachedFiles, onDisk, type Part, readCached, writeCached } from './cachedFiles.ts';

/** Bytes [offset, offset + length) of a file in the version that was listed. */
export interface FileRange {
  file: SourceFile;
  offset: number;
  length: number;
  /** Where the range holds several images: the one whose bytes, as they were taken out of it, are kept. */
  row?: number;
}

const nameOf = ({ file: { name, version }, offset, length, row }: FileRange): string =>
  createHash('sha256')
    .update(JSON.stringify([name, version, offset, length, row]))
    .digest('hex')
    .slice(0, 32);

/** What was fetched of files before, on a disk of this machine: as much of it as fits, the least recently used goes first. */
export class RangeCache {
  /** Bytes that it may take of the disk. */
  readonly limit: number;
  readonly #folder: string;
  /** The one that was asked for longest ago first. */
  readonly #files: Map<string, CachedFile>;
  readonly #fetching = new Map<string, Promise<Uint8Array>>();
  #used: number;
  #lastTurn: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, limit: number, files: Map<string, CachedFile>) {
    this.limit = limit;
    this.#folder = folder;
    this.#files = files;
    this.#used = [...files.values()].reduce((sum, { length }) => sum + onDisk(length), 0);
  }

  /**
   * Opens a cache, the only one that writes to its folder.
   * @param folder made where it is not there; what it holds of an earlier process is of use
   * @param limit bytes that it may take of the disk
   */
  static async open(folder: string, limit: number): Promise<RangeCache> {
    await mkdir(folder, { recursive: true });
    const cache = new RangeCache(folder, limit, await cachedFiles(folder));
    await cache.#takeRoom(0);
    return cache;
  }

  /** Bytes that it takes of the disk: never more than its limit. */
  get used(): number {
    return this.#used;
  }

  /**
   * What is kept of a range, which is fetched where it is not there. What cannot be kept is not; that is no error.
   * @param part of it that is wanted; all where left out
   * @throws what `fetch` throws
   */
  async read(range: FileRange, fetch: () => Promise<Uint8Array>, part?: Part): Promise<Uint8Array> {
    const name = nameOf(range);
    const kept = await this.#held(name, part);
    if (kept !== undefined) return kept;
    const under = this.#fetching.get(name) ?? this.#fetch(name, fetch).finally(() => this.#fetching.delete(name));
    this.#fetching.set(name, under);
    const bytes = await under;
    return part === undefined ? bytes : bytes.subarray(part.from, part.from + part.length);
  }

  /** What is held under a name; undefined where there is none, or it is damaged. */
  async #held(name: string, part: Part | undefined): Promise<Uint8Array | undefined> {
    const file = this.#files.get(name);
    if (file === undefined) return undefined;
    this.#files.delete(name); // and put in again at the end, as the newest
    this.#files.set(name, file);
    try {
      const bytes = await readCached(join(this.#folder, name), file, part ?? { from: 0, length: file.length });
      file.sound = true;
      return bytes;
    } catch {
      if (this.#files.get(name) === file) await this.#drop(name);
      return undefined;
    }
  }

  async #fetch(name: string, fetch: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const bytes = await fetch();
    const size = onDisk(bytes.length);
    if (!(await this.#takeRoom(size))) return bytes;
    if (await writeCached(this.#folder, name, bytes)) this.#files.set(name, { length: bytes.length, sound: true });
    else this.#used -= size; // the disk is full: it is fetched again when it is needed
    return bytes;
  }

  /** Takes room for so many bytes; others take theirs after it. @returns whether there is some */
  #takeRoom(size: number): Promise<boolean> {
    const turn = this.#lastTurn.then(async () => {
      if (size > this.limit) return false;
      while (this.#used + size > this.limit) {
        const [oldest] = this.#files.keys();
        if (oldest === undefined) return false; // what is left is being written
        await this.#drop(oldest);
      }
      this.#used += size;
      return true;
    });
    this.#lastTurn = turn;
    return turn;
  }

  async #drop(name: string): Promise<void> {
    const file = this.#files.get(name);
    if (file === undefined) return;
    this.#files.delete(name);
    await rm(join(this.#folder, name), { force: true }).catch(() => {});
    this.#used -= onDisk(file.length);
  }
}
