import { DdrError } from '../../../api/errors.ts';
import type { S3Place } from '../../../api/spec/s3.ts';
import { createS3Client } from '../../s3/client.ts';
import type { S3Credentials } from '../../s3/connection.ts';
import type { S3Object } from '../../s3/read.ts';
import type { Patience } from '../../s3/retry.ts';
import { isHidden } from '../imageNames.ts';
import { changed, type SourceFile } from '../sourceFiles.ts';
import type { Remote } from './remote.ts';

/** Bytes of a request, where a file is read whole: one that is cut off costs that much at most. */
const pieceBytes = 8 * 2 ** 20;

const fileOf = ({ key, size, etag }: S3Object): SourceFile => ({ name: key, size, version: etag });

/** What some tools leave where a folder is to be shown: an object that only looks like one. */
const isFolder = ({ key }: S3Object) => key === '' || key.endsWith('/');

/**
 * Objects below a prefix of a bucket. Their etags are their versions, and the server is asked for no other.
 * @param credentials those of the pod's identity where left out
 */
export function openS3Remote(
  place: S3Place,
  credentials?: S3Credentials | undefined,
  patience: Partial<Patience> = {},
): Remote {
  const client = createS3Client(place, credentials, { patience, unavailable: 'SourceUnavailable' });
  const where = client.describe();
  const head = (path: string) => (path === '' ? Promise.resolve(undefined) : client.head(path));

  async function range(file: SourceFile, offset: number, length: number): Promise<Uint8Array> {
    if (length === 0) return new Uint8Array(0);
    const found = await client.range(file.name, { offset, length, etag: file.version });
    if (found === 'Missing') throw changed({ where }, file, 'has vanished');
    if (found === 'Changed') throw changed({ where }, file, 'is another one than was listed: its etag has changed');
    if (found.size < file.size) throw changed({ where }, file, 'has become shorter');
    if (found.bytes.length === length) return found.bytes;
    throw new DdrError('InputTruncated', `ends before byte ${offset + length}`, { where: client.describe(file.name) });
  }

  return {
    describe: (path) => client.describe(path),
    isFile: async (path) => (await head(path)) !== undefined,
    async find(path) {
      const one = await head(path);
      if (one !== undefined) return [fileOf(one)];
      const { objects } = await client.list(path === '' ? '' : `${path}/`);
      return objects
        .filter((each) => !isFolder(each) && !isHidden(Buffer.from(each.key.slice(path.length))))
        .map(fileOf);
    },
    range,
    async *stream(file) {
      const pieceAt = (offset: number) => range(file, offset, Math.min(pieceBytes, file.size - offset));
      let next = pieceAt(0);
      for (let offset = 0; offset < file.size; offset += pieceBytes) {
        const piece = await next;
        // The next one is on its way while this one is worked on.
        next = offset + pieceBytes < file.size ? pieceAt(offset + pieceBytes) : next;
        next.catch(() => {}); // it is told when its turn comes
        yield piece;
      }
    },
  };
}
