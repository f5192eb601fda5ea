import { createHash } from 'node:crypto';
import { DdrError, toDdrError } from '../../api/errors.ts';
import type { FileRecord } from './records.ts';
import type { ArtifactStore } from './store.ts';

/** What a user does about a prepared dataset that is not as it was. */
export const makePreparedAnew = 'Set dataset.revision to another text: the data are then prepared anew.';

/** Bytes that are written at once: each write of a few would cost as much. */
const pieceBytes = 2 ** 20;

/** The same bytes in larger pieces. */
async function* joined(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let [waiting, length]: [Uint8Array[], number] = [[], 0];
  for await (const piece of pieces) {
    waiting.push(piece);
    length += piece.length;
    if (length < pieceBytes) continue;
    yield Buffer.concat(waiting);
    [waiting, length] = [[], 0];
  }
  if (length > 0) yield Buffer.concat(waiting);
}

/** An array of a prepared dataset on its way into its file, and what is known of it once all of it has come. */
export interface ArrayFile {
  pieces: AsyncIterable<Uint8Array>;
  record: () => FileRecord & { offset: number };
}

/** @param watch told of every piece @throws DdrError DataChanged where other than the promised number of bytes come */
export function arrayFile(
  header: Uint8Array,
  promised: number,
  content: AsyncIterable<Uint8Array>,
  watch: (piece: Uint8Array) => void,
): ArrayFile {
  const hash = createHash('sha256').update(header);
  const bytes = header.length + promised;
  let digest = '';
  async function* pieces(): AsyncGenerator<Uint8Array> {
    let written = header.length;
    yield header;
    for await (const piece of joined(content)) {
      hash.update(piece);
      watch(piece);
      written += piece.length;
      yield piece;
    }
    if (written !== bytes) throw new DdrError('DataChanged', 'the images have changed while they were read');
    digest = hash.digest('hex');
  }
  return { pieces: pieces(), record: () => ({ sha256: digest, bytes, offset: header.length }) };
}

/** Throws what reading a prepared dataset threw, as its damage where it is that. @param place said where the error has none */
export const asDamage =
  (place: string) =>
  (cause: unknown): never => {
    const error = toDdrError(cause);
    if (!['InputTruncated', 'InputMissing', 'DigestMismatch'].includes(error.code)) throw error;
    throw new DdrError('DataChanged', `the prepared images are damaged: the file ${error.message}`, {
      where: error.where ?? place,
      hint: makePreparedAnew,
      cause: error,
    });
  };

/** Entries of an array of a prepared dataset, by position. */
export interface Entries {
  count: number;
  /** Bytes of one. */
  bytes: number;
  batch(first: number, size: number): Promise<Uint8Array>;
}

/** Opens an array: its header and size are checked. @throws DdrError DataChanged where it is not as its record says */
export async function openArray(
  store: ArtifactStore,
  key: string,
  { count, bytes, offset, header }: { count: number; bytes: number; offset: number; header: Uint8Array },
): Promise<Entries> {
  const changed = asDamage(store.describe(key));
  const batch = (first: number, many: number) =>
    store.readRange(key, offset + first * bytes, many * bytes).catch(changed);
  const found = await store.readRange(key, 0, offset).catch(changed);
  if (!Buffer.from(header).equals(found))
    changed(new DdrError('InputTruncated', 'has another header than its record says'));
  await batch(count - 1, 1);
  return { count, bytes, batch };
}
