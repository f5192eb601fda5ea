import { DdrError } from '../../../api/errors.ts';
import {
  isEmptyKind,
  isEndBlock,
  paddedSize,
  parsePax,
  parseTarHeader,
  type TarHeader,
  type TarKind,
  tarBlock,
} from '../../formats/tar.ts';

/** A member of an archive, and where its content is. */
export interface TarMember {
  kind: Exclude<TarKind, 'longName' | 'longLink' | 'pax' | 'globalPax'>;
  /** As the archive has it: only a name, which nothing is written to. */
  name: Uint8Array;
  offset: number;
  size: number;
}

/** An archive that is read by ranges. */
export interface TarFile {
  /** Bytes of it all. */
  size: number;
  /** What messages call it. */
  where: string;
  /** Bytes [offset, offset + length), which lie within it. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Longest name or pax header; those of real archives have some hundred bytes. */
const longestExtension = 2 ** 20;

/** What headers say of the member that follows them. */
interface Said {
  name?: Uint8Array;
  pax: Map<string, Uint8Array>;
}

const truncated = (within: string, where: string) =>
  new DdrError('InputTruncated', `ends within ${within}`, { where, hint: 'Copy it again, or write it anew.' });

/**
 * The members of an archive, in their order; of their contents nothing is read.
 * @throws DdrError InputForeign, InputTruncated, InputUnsafe; what reading throws
 */
export async function* tarMembers(file: TarFile): AsyncGenerator<TarMember> {
  const { size: fileBytes, where } = file;
  let globals = new Map<string, Uint8Array>();
  let said: Said = { pax: globals };
  if (fileBytes === 0) throw new DdrError('InputTruncated', 'is empty', { where });
  for (let at = 0; ; ) {
    // An archive ends with blocks of zeros. Where they are missing, its last members are, too.
    if (at + tarBlock > fileBytes) throw truncated(at === 0 ? 'its first header' : 'its members', where);
    const block = await file.read(at, tarBlock);
    if (isEndBlock(block)) return requireNothingAfter(file, at);
    const header = parseTarHeader(block, at, where);
    const { kind } = header;
    const offset = at + tarBlock;
    if (kind === 'longName' || kind === 'longLink' || kind === 'pax' || kind === 'globalPax') {
      const content = await extension(file, header, offset);
      if (kind === 'longName') said = { ...said, name: upToNul(content) };
      if (kind === 'globalPax') globals = new Map([...globals, ...parsePax(content, where)]);
      if (kind === 'pax') said = { ...said, pax: new Map([...globals, ...parsePax(content, where)]) };
      at = offset + paddedSize(header.size);
      continue;
    }
    const member = memberOf({ ...header, kind }, said, offset, where);
    if (offset + member.size > fileBytes) throw truncated(showMember(member), where);
    yield member;
    at = offset + paddedSize(member.size);
    said = { pax: globals };
  }
}

const showMember = ({ name }: TarMember) => `its member ${Buffer.from(name).toString('latin1')}`;

function upToNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

async function extension(file: TarFile, { size }: TarHeader, offset: number): Promise<Uint8Array> {
  const { where } = file;
  if (size > longestExtension)
    throw new DdrError('InputUnsafe', `has a header of ${size} bytes for one member`, { where });
  if (offset + size > file.size) throw truncated('a header', where);
  return file.read(offset, size);
}

function memberOf(
  { kind, name, size }: TarHeader & Pick<TarMember, 'kind'>,
  said: Said,
  offset: number,
  where: string,
): TarMember {
  const paxSize = said.pax.get('size');
  const wanted = paxSize === undefined ? size : Number(Buffer.from(paxSize).toString('latin1'));
  if (!Number.isSafeInteger(wanted) || wanted < 0)
    throw new DdrError('InputForeign', 'has a pax header with a size that is none', { where });
  const isSparse = [...said.pax.keys()].some((key) => key.startsWith('GNU.sparse.'));
  return {
    kind: isSparse ? 'sparse' : kind,
    name: said.pax.get('GNU.sparse.name') ?? said.pax.get('path') ?? said.name ?? name,
    offset,
    size: isEmptyKind(kind) ? 0 : wanted,
  };
}

/** Bytes after the end that are looked at: archivers fill a record up with zeros, of 10 KiB as a rule. */
const lookedAt = 2 ** 16;

/** Archives that were put one after the other are one file, of which readers see the first: better said than left out. */
async function requireNothingAfter({ size, where, read }: TarFile, end: number): Promise<void> {
  const from = end + tarBlock;
  const rest = await read(from, Math.min(lookedAt, size - from));
  if (rest.every((byte) => byte === 0)) return;
  throw new DdrError('InputForeign', `goes on after the end of the archive at byte ${end}`, {
    where,
    hint: 'Archives are joined by "tar --concatenate", not by "cat"; or keep them as files of their own.',
  });
}
