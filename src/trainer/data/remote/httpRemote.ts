import { type Patience, persist, usualPatience } from '../../s3/retry.ts';
import { isHidden } from '../imageNames.ts';
import { inOrder } from '../inOrder.ts';
import type { SourceFile } from '../sourceFiles.ts';
import { type HttpFiles, look, readRange, streamFile } from './httpFile.ts';
import { createHttpSender, isPassing, toSourceError } from './httpRequest.ts';
import { namedUrls } from './httpUrls.ts';
import type { Remote } from './remote.ts';

/** Files that are asked about at once. */
const atOnce = 16;

const isBelow = (path: string, name: string) =>
  (path === '' || name.startsWith(`${path}/`)) && !isHidden(Buffer.from(name.slice(path.length)));

/**
 * Files of http and https servers, each by its URL. Their etags are their versions, or their sizes and when they were changed.
 * @throws DdrError InputMismatch, InputForeign where the URLs have no names of their own
 */
export function openHttpRemote(given: readonly string[], patience: Partial<Patience> = {}): Remote {
  const { folder, urls } = namedUrls(given);
  const urlOf = (name: string) => urls.get(name) ?? `${folder}${name}`;
  const files: HttpFiles = {
    where: folder === '' ? 'the URLs' : folder,
    urlOf,
    sender: createHttpSender(),
    async ask(name, attempt) {
      try {
        return await persist({ ...usualPatience, ...patience }, isPassing, attempt);
      } catch (error) {
        throw toSourceError(error, urlOf(name));
      }
    },
  };
  return {
    describe: (path) => (path === '' ? files.where : urlOf(path)),
    isFile: async (path) => urls.has(path),
    async find(path) {
      const names = urls.has(path) ? [path] : [...urls.keys()].filter((name) => isBelow(path, name));
      const found: SourceFile[] = [];
      for await (const file of inOrder(names, atOnce, (name) => look(files, name))) found.push(file);
      return found;
    },
    range: (file, offset, length) => readRange(files, file, offset, length),
    stream: (file) => streamFile(files, file),
  };
}
