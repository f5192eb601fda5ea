import { createHash } from 'node:crypto';
import { DdrError } from '../../api/errors.ts';
import { bytesPerElement, elementCount } from '../formats/elements.ts';
import { bytesOf, type FloatTensor, floatsOf, safetensorsHead } from '../formats/safetensors.ts';
import { parseSafetensorsHeader, safetensorsHeadBytes, type TensorHeader } from '../formats/safetensorsHeader.ts';
import { type FileRecord, verifyRecorded } from './records.ts';
import type { StoreReader } from './store.ts';

/** A tensor of a file, whose values are read or written as they are needed: files are larger than memory should be. */
export interface NamedTensor extends FloatTensor {
  name: string;
}

/** A file on its way into a store, and what is to be recorded of it once it has been written. */
export interface RecordedContent {
  content: AsyncIterable<Uint8Array>;
  /** @throws Error before all of it was written */
  record: () => FileRecord;
}

/**
 * A safetensors file of 32-bit floats, written piece by piece.
 * @param tensors in their order
 * @param pieces of any length, which one after the other are the tensors' values
 */
export function tensorContent(
  tensors: readonly { name: string; shape: readonly number[] }[],
  pieces: Iterable<Float32Array>,
): RecordedContent {
  const head = safetensorsHead(tensors);
  const floats = tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const total = head.length + floats * bytesPerElement('float32');
  let record: FileRecord | undefined;

  async function* content(): AsyncGenerator<Uint8Array> {
    const hash = createHash('sha256').update(head);
    let bytes = head.length;
    yield head;
    for (const piece of pieces) {
      const part = bytesOf(piece);
      hash.update(part);
      bytes += part.length;
      yield part;
    }
    if (bytes !== total) throw new Error(`${bytes} bytes are not the ${total} of the tensors`);
    record = { sha256: hash.digest('hex'), bytes };
  }
  return {
    content: content(),
    record: () => {
      if (record === undefined) throw new Error('the file has not been written yet');
      return record;
    },
  };
}

export interface TensorFile {
  /** By name, in the file's order. */
  tensors: ReadonlyMap<string, TensorHeader>;
  /**
   * Some values of a tensor, counted in its elements.
   * @throws DdrError InputForeign where there is no such tensor of floats, or it has fewer
   */
  read(name: string, from?: number, count?: number): Promise<Float32Array>;
}

/**
 * Opens a safetensors file whose digest holds.
 * @throws DdrError DigestMismatch, InputForeign, FileAccess
 */
export async function openTensorFile(store: StoreReader, key: string, record: FileRecord): Promise<TensorFile> {
  await verifyRecorded(store, key, record);
  return openTensors(store, key, record.bytes);
}

/**
 * Opens a safetensors file of so many bytes, of which no digest is known.
 * @throws DdrError InputForeign, InputTruncated, FileAccess
 */
export async function openTensors(store: StoreReader, key: string, bytes: number): Promise<TensorFile> {
  const where = store.describe(key);
  const start = await store.readRange(key, 0, Math.min(8, bytes));
  const head = await store.readRange(key, 0, Math.min(safetensorsHeadBytes(start, where), bytes));
  const { tensors } = parseSafetensorsHeader(head, where, bytes);
  return {
    tensors,
    async read(name, from = 0, count) {
      const tensor = tensors.get(name);
      if (tensor === undefined) throw new DdrError('InputForeign', `has no tensor ${name}`, { where });
      const elements = elementCount(tensor.shape);
      const wanted = count ?? elements - from;
      if (from + wanted > elements)
        throw new DdrError('InputForeign', `${name} has ${elements} values, not ${from + wanted}`, { where });
      const size = (tensor.to - tensor.from) / Math.max(1, elements);
      const values = floatsOf(tensor.dtype, await store.readRange(key, tensor.from + from * size, wanted * size));
      if (values === undefined)
        throw new DdrError('InputForeign', `${name} is of type ${tensor.dtype}, not of floats`, { where });
      return values;
    },
  };
}

/** All tensors of a file of floats, one after the other. */
export async function* tensorsOf(file: TensorFile): AsyncGenerator<NamedTensor> {
  for (const [name, { shape }] of file.tensors) yield { name, shape, values: await file.read(name) };
}
