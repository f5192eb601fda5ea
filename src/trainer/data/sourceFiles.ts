import { DdrError } from '../../api/errors.ts';

/** A file of a source as it was when it was listed. */
export interface SourceFile {
  /** Path below the place, with /. */
  name: string;
  /** Bytes. */
  size: number;
  /** Another one for other content: an etag, or size and time of a local file. */
  version: string;
}

/**
 * The files of a source, wherever they are. What is read of a file is of the version that was listed, or an error: pieces of
 * two versions are never mixed.
 */
export interface SourceFiles {
  /** What messages call the place. */
  where: string;
  /**
   * Files that are not hidden, sorted by name (code units).
   * @throws DdrError InputMissing where the place is not there, SourceUnavailable, FileAccess
   */
  list(): Promise<SourceFile[]>;
  /**
   * Bytes [offset, offset + length) of a file; as many as were asked for.
   * @throws DdrError DataChanged where it vanished, shrank or is another version; SourceUnavailable once it was asked for
   *   again often enough; FileAccess
   */
  range(file: SourceFile, offset: number, length: number): Promise<Uint8Array>;
  /** All bytes of a file, as they come. @throws as {@link range} */
  stream(file: SourceFile): AsyncIterable<Uint8Array>;
}

/** In the order of names. */
export const byName = (a: SourceFile, b: SourceFile): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

/** A file that is no longer what was listed. @param how such as "has vanished" */
export const changed = (files: Pick<SourceFiles, 'where'>, { name }: SourceFile, how: string): DdrError =>
  new DdrError('DataChanged', how, {
    where: `${files.where}: ${name}`,
    hint: 'Data must stay as they are while a run learns from them. Start it again once the files are all there.',
  });
