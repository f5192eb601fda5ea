/** What a file of a committed folder is made of: its bytes, pieces as they come, or a file of the store to copy. */
export type Content = Uint8Array | string | AsyncIterable<Uint8Array> | { copyOf: string };

/** A process's turn at writing below a key. */
export interface Attempt {
  number: number;
  /**
   * Commits, unless a newer process has taken its turn. That one clears away what this one is writing; what then fails
   * here is no fault of the store.
   * @throws DdrError Fenced, and what `write` throws
   */
  commit<T>(write: () => Promise<T>): Promise<T>;
}

/**
 * Where artifacts lie. Keys are those of api/layout.ts: relative, with /. A folder is there as a whole or not at all.
 * Every method throws DdrError FileAccess or DiskFull where the store does not answer or has no room, and InputUnsafe for a
 * key that leads out of it.
 */
export interface ArtifactStore {
  /** What people are shown for a key: where they would find it. */
  describe(key: string): string;
  exists(key: string): Promise<boolean>;
  /**
   * A whole file; undefined where it is not there.
   * @throws DdrError InputForeign where a folder is in its place, DigestMismatch where the store itself knows it to be damaged
   */
  read(key: string): Promise<Uint8Array | undefined>;
  /**
   * Some bytes of a file, by position: what is read does not depend on the file's size.
   * @throws DdrError InputMissing where it is not there, InputTruncated where it ends before, InputForeign where a folder is in
   *   its place, DigestMismatch where the store itself knows it to be damaged
   */
  readRange(key: string, offset: number, length: number): Promise<Uint8Array>;
  /** Names directly below a folder, sorted; none where it is not there. Folders that are being written are left out. */
  list(key: string): Promise<string[]>;
  /**
   * Commits a folder of files, all or none. One that is there already stays: equal addresses have equal content.
   * Files are written in their order, so that a record in pieces may tell what was streamed before it.
   * @param onFile told after every file; may throw to stop, and then nothing is left
   * @param settle asked once all files are written: the folder to commit, where its name depends on what was streamed. It
   *   lies beside `folder`, which then only names what is being written
   */
  commit(
    folder: string,
    files: Record<string, Content>,
    onFile?: () => Promise<void>,
    settle?: () => string,
  ): Promise<void>;
  /** Bytes that can still be written; undefined where that cannot be known. */
  free(): Promise<number | undefined>;
  remove(key: string): Promise<void>;
  /** Moves a damaged folder out of the way, so that what it holds can be made anew and still be looked at. */
  quarantine(folder: string): Promise<void>;
  /** Removes what killed attempts left half-written: of one folder to be, or of all directly below a folder that only one process writes to. */
  removePartial(where: { folder: string } | { below: string }): Promise<void>;
  /** Takes the next turn at writing below a key; the turns before it can commit no more. */
  takeAttempt(key: string): Promise<Attempt>;
}
