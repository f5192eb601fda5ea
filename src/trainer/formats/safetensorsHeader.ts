import { z } from 'zod';
import { DdrError } from '../../api/errors.ts';
import { foreignContent } from './content.ts';

/** What a safetensors file's header says of a tensor. */
export interface TensorHeader {
  /** As the file names it: F32, BF16, I64 … */
  dtype: string;
  shape: number[];
  /** Where its bytes are in the file: from, and up to. */
  from: number;
  to: number;
}

export interface SafetensorsHeader {
  /** By name, in the header's order. */
  tensors: Map<string, TensorHeader>;
  metadata: Record<string, string>;
}

const maximumHeader = 100_000_000; // as the reference implementation
/** Bytes before the header's text: its length. */
const lengthBytes = 8;

/** Bits of an element of every type that the reference implementation knows. */
const bitsOf = new Map(
  Object.entries({
    4: ['F4'],
    6: ['F6_E2M3', 'F6_E3M2'],
    8: ['BOOL', 'U8', 'I8', 'F8_E5M2', 'F8_E4M3', 'F8_E8M0', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ'],
    16: ['I16', 'U16', 'F16', 'BF16'],
    32: ['I32', 'U32', 'F32'],
    64: ['I64', 'U64', 'F64', 'C64'],
  }).flatMap(([bits, dtypes]) => dtypes.map((dtype): [string, number] => [dtype, Number(bits)])),
);

const size = z.int().min(0);
const tensorSchema = z.object({ dtype: z.string(), shape: z.array(size), data_offsets: z.tuple([size, size]) });
const metadataSchema = z.record(z.string(), z.string()).nullish();

const foreign = (message: string, where: string, cause?: unknown): DdrError =>
  new DdrError('InputForeign', message, { where, cause });

const notSafetensors = (bytes: Uint8Array, why: string, where: string): DdrError =>
  foreignContent(
    bytes,
    `is not a safetensors file: ${why}`,
    where,
    'Convert it in Python: safetensors.torch.save_file(torch.load(path, weights_only=True), "weights.safetensors").',
  );

/**
 * Bytes from the beginning of a file up to the end of its header, so that no more need be read to know what it holds.
 * @param bytes at least the first 8 of the file
 * @throws DdrError InputForeign, InputTruncated
 */
export function safetensorsHeadBytes(bytes: Uint8Array, where: string): number {
  if (bytes.length < lengthBytes)
    throw new DdrError('InputTruncated', 'is too short for a safetensors file', { where });
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true));
  if (length > maximumHeader) throw notSafetensors(bytes, 'its header would be too long', where);
  return lengthBytes + length;
}

/**
 * Reads the header of a safetensors file and checks it as the reference implementation does: tensors follow one another
 * without gap or overlap, each as long as its shape and type say, and fill the file.
 * @param bytes the file, or its first {@link safetensorsHeadBytes}
 * @param fileBytes how long the whole file is
 * @throws DdrError InputForeign, InputTruncated
 */
export function parseSafetensorsHeader(
  bytes: Uint8Array,
  where: string,
  fileBytes: number = bytes.length,
): SafetensorsHeader {
  const dataStart = safetensorsHeadBytes(bytes, where);
  if (dataStart > bytes.length) throw new DdrError('InputTruncated', 'ends within its header', { where });
  const { __metadata__, ...entries } = headerObject(bytes.subarray(lengthBytes, dataStart), where);
  const metadata = metadataSchema.safeParse(__metadata__);
  if (!metadata.success) throw foreign('has __metadata__ that is not text by name', where);
  const tensors = new Map(
    Object.entries(entries).map(([name, value]) => [name, tensorOf(name, value, dataStart, where)]),
  );
  checkLayout(tensors, dataStart, fileBytes, where);
  return { tensors, metadata: metadata.data ?? {} };
}

/** The header's JSON; what JSON.parse lets pass and the reference implementation does not is refused. */
function headerObject(bytes: Uint8Array, where: string): Record<string, unknown> {
  let json: unknown;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    json = JSON.parse(text);
  } catch (cause) {
    throw foreign('is not a safetensors file: its header is not JSON', where, cause);
  }
  if (json === null || typeof json !== 'object' || Array.isArray(json))
    throw foreign('is not a safetensors file: its header is not an object', where);
  const twice = repeatedKey(text);
  if (twice !== undefined) throw foreign(`has a header that says ${twice} twice`, where);
  if (spelledAsFloat.test(text)) throw foreign('has a header whose sizes are not plain integers', where);
  return json as Record<string, unknown>;
}

/** A number of a shape or of offsets that is spelled with a sign, a point or an exponent; only keys precede a colon. */
const spelledAsFloat = /"(?:shape|data_offsets)"\s*:\s*\[[^\]]*[-.eE]/;

/**
 * The first key that a header repeats where one of the two would be lost in silence: __metadata__, or a field of a
 * tensor. A tensor that is named twice is the last one, as for the reference implementation.
 * @param text JSON that JSON.parse took
 */
function repeatedKey(text: string): string | undefined {
  let depth = 0;
  let tensor = ''; // whose fields are read
  let fields = new Set<string>();
  let metadata = false;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === '{' || sign === '[') depth++;
    else if (sign === '}' || sign === ']') depth--;
    if (sign !== '"') continue;
    const start = at++;
    while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    const end = at + 1;
    while (/[ \t\r\n]/.test(text[at + 1] ?? '')) at++;
    if (depth > 2 || text[at + 1] !== ':') continue; // a text, not a key
    const key = JSON.parse(text.slice(start, end)) as string;
    if (depth === 1) {
      if (key === '__metadata__' && metadata) return key;
      metadata ||= key === '__metadata__';
      tensor = key;
      fields = new Set();
    } else if (tensor !== '__metadata__') {
      if (fields.has(key) && key in tensorSchema.shape) return `${key} of ${tensor}`;
      fields.add(key);
    }
  }
  return undefined;
}

function tensorOf(name: string, value: unknown, dataStart: number, where: string): TensorHeader {
  const parsed = tensorSchema.safeParse(value);
  if (!parsed.success || !name.isWellFormed())
    throw foreign(`has a header that is not that of a safetensors file, at ${JSON.stringify(name)}`, where);
  const { dtype, shape, data_offsets } = parsed.data;
  const [from, to] = data_offsets;
  const bits = bitsOf.get(dtype);
  if (bits === undefined) throw foreign(`${name} is of type ${dtype}, which safetensors does not know`, where);
  const sizes = shape.reduce((product, part) => (Number.isSafeInteger(product) ? product * part : product), 1);
  if (to - from !== (sizes * bits) / 8)
    throw foreign(`${name} has ${to - from} bytes, and ${(sizes * bits) / 8} by its shape`, where);
  return { dtype, shape, from: dataStart + from, to: dataStart + to };
}

function checkLayout(tensors: Map<string, TensorHeader>, start: number, fileBytes: number, where: string): void {
  let end = start;
  for (const [name, { from, to }] of [...tensors].sort(([, a], [, b]) => a.from - b.from || a.to - b.to)) {
    if (from !== end) throw foreign(`${name} does not begin where the tensor before it ends`, where);
    end = to;
    if (end > fileBytes) throw new DdrError('InputTruncated', `ends within ${name}`, { where });
  }
  if (end < fileBytes) throw foreign(`has ${fileBytes - end} bytes that belong to no tensor`, where);
}
