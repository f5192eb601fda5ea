import { gunzipSync } from 'node:zlib';
import { DdrError } from '../../api/errors.ts';
import { foreignContent } from '../formats/content.ts';

const maximumBytes = 2 ** 32;

/** An IDX array of bytes, as MNIST has it: images [N, rows, columns] or labels [N]. */
export interface IdxArray {
  shape: number[];
  data: Uint8Array;
}

/** Bytes of an IDX file of unsigned bytes. */
export function writeIdx({ shape, data }: IdxArray): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x0800 + shape.length);
  shape.forEach((size, i) => {
    view.setUint32(4 + 4 * i, size);
  });
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}

/**
 * Reads an IDX file of unsigned bytes, gzipped or not.
 * @throws DdrError InputForeign, InputTruncated
 */
export function readIdx(file: Uint8Array, where: string): IdxArray {
  const bytes = file[0] === 0x1f && file[1] === 0x8b ? gunzip(file, where) : file;
  if (bytes.length < 8) throw new DdrError('InputTruncated', 'is too short for an IDX file', { where });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [type, dimensions] = [view.getUint16(0) === 0 ? bytes[2] : undefined, bytes[3] ?? 0];
  if (type !== 0x08 || dimensions === 0 || dimensions > 4) {
    throw foreignContent(
      bytes,
      'is not an IDX file of unsigned bytes',
      where,
      'Expected the header 00 00 08 03 of images.',
    );
  }
  const start = 4 + 4 * dimensions;
  if (bytes.length < start) throw new DdrError('InputTruncated', 'ends within its header', { where });
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const needed = shape.reduce((product, size) => product * size, 1);
  if (bytes.length - start < needed) {
    throw new DdrError(
      'InputTruncated',
      `ends after ${bytes.length - start} bytes of data; its header promises ${needed}`,
      { where },
    );
  }
  return { shape, data: bytes.subarray(start, start + needed) };
}

function gunzip(file: Uint8Array, where: string): Uint8Array {
  try {
    return gunzipSync(file, { maxOutputLength: maximumBytes });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw new DdrError('InputUnsafe', `inflates to more than ${maximumBytes} bytes`, { where });
    if (code === 'Z_BUF_ERROR') throw new DdrError('InputTruncated', 'ends within its gzip stream', { where, cause });
    throw new DdrError('InputForeign', 'is not a sound gzip file', { where, cause });
  }
}
