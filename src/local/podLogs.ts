import {
  closeSync,
  copyFileSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';

/** Bytes of one log before it is moved aside, as the kubelet does (containerLogMaxSize). */
const largest = 10 * 2 ** 20;
/** Logs of pods that are kept. */
const kept = 500;
/** Bytes at the end of a log that stand in for a missing termination message, as Kubernetes does (FallbackToLogsOnError). */
const tailBytes = 2048;

/** The folder with a log per pod. */
export class PodLogs {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    this.#prune();
  }

  pathOf(pod: string): string {
    return join(this.folder, `${pod}.log`);
  }

  /** A file to write a pod's output to. Processes write it themselves, so that none of it is lost when this one ends. */
  open(pod: string): number {
    return openSync(this.pathOf(pod), 'a');
  }

  /** Moves what is in a log that has grown too large to `<pod>.log.1`; its process goes on writing at the new end. */
  bound(pod: string): void {
    const path = this.pathOf(pod);
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) <= largest) return;
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
  }

  /** The last lines of a log; empty where there is none. */
  tail(pod: string): string {
    const path = this.pathOf(pod);
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return '';
    const file = openSync(path, 'r');
    try {
      const { size } = fstatSync(file);
      const buffer = Buffer.alloc(Math.min(size, tailBytes));
      readSync(file, buffer, 0, buffer.length, size - buffer.length);
      return buffer.toString('utf8');
    } finally {
      closeSync(file);
    }
  }

  #prune(): void {
    const logs = readdirSync(this.folder)
      .filter((name) => /\.log(\.1)?$/.test(name))
      .map((name) => ({ path: join(this.folder, name), time: statSync(join(this.folder, name)).mtimeMs }))
      .sort((a, b) => b.time - a.time);
    for (const { path } of logs.slice(kept)) rmSync(path, { force: true });
  }
}
