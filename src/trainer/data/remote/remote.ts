import { DdrError } from '../../../api/errors.ts';
import { byName, type SourceFile, type SourceFiles } from '../sourceFiles.ts';

/** Files that are read over a network, by their names from the prefix or among the URLs. */
export interface Remote {
  /** What messages call a path of it. */
  describe(path: string): string;
  /**
   * Whether a path is that of a file. Of a path that is none there may be files below it, or none.
   * @throws DdrError SourceUnavailable, FileAccess
   */
  isFile(path: string): Promise<boolean>;
  /** The file at a path, or those below it that are not hidden; none where there are none. In no order. */
  find(path: string): Promise<SourceFile[]>;
  /** As {@link SourceFiles} has it. */
  range(file: SourceFile, offset: number, length: number): Promise<Uint8Array>;
  /** All bytes of a file, from an offset on. */
  stream(file: SourceFile): AsyncIterable<Uint8Array>;
}

/** A path without what says nothing: `./a//b/` is `a/b`. */
export const plainPath = (path: string): string =>
  path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');

/** @throws DdrError InputMissing where there is no file */
export function requireSome(files: readonly SourceFile[], where: string): void {
  if (files.length > 0) return;
  throw new DdrError('InputMissing', 'there is no file', {
    where,
    hint: 'Check dataset.source, and what is there.',
  });
}

const lastPart = (path: string) => path.slice(path.lastIndexOf('/') + 1);

/** The files at a path, or the one file that it is, as a source with names below it. */
export function filesAt(remote: Remote, path: string): SourceFiles {
  const top = plainPath(path);
  const where = remote.describe(top);
  let single: Promise<boolean> | undefined;
  const isSingle = () => {
    single ??= top === '' ? Promise.resolve(false) : remote.isFile(top);
    single.catch(() => {
      single = undefined;
    });
    return single;
  };
  const below = (name: string) => (top === '' ? name : `${top}/${name}`);
  const whole = async (file: SourceFile): Promise<SourceFile> => ({
    ...file,
    name: (await isSingle()) ? top : below(file.name),
  });
  return {
    where,
    async list() {
      const found = await remote.find(top);
      requireSome(found, where);
      const name = (full: string) => (full === top ? lastPart(full) : full.slice(top === '' ? 0 : top.length + 1));
      return found.map((file) => ({ ...file, name: name(file.name) })).sort(byName);
    },
    range: async (file, offset, length) => remote.range(await whole(file), offset, length),
    async *stream(file) {
      yield* remote.stream(await whole(file));
    },
  };
}
