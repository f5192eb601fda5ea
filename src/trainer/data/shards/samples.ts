import { DdrError } from '../../../api/errors.ts';
import { showName } from '../fileName.ts';
import { isHidden } from '../imageNames.ts';
import type { TarMember } from './tarMembers.ts';

/** Members of a shard that belong to one image: equal names up to the first dot, one after the other. */
export interface Sample {
  /** The name up to that dot, a character a byte. */
  key: string;
  /** By what follows the dot, in lower case. */
  members: Map<string, TarMember>;
}

/** What is not the data's: members that describe the shard, as the webdataset library writes them. */
const isMeta = (name: string): boolean => /^__[^/]*__($|\/)/.test(name);

const latin1 = (name: Uint8Array): string => Buffer.from(name).toString('latin1'); // a character a byte

/** Of a text with a character a byte: letters beyond ASCII have several, which stay. */
export const lowerCase = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/**
 * Key and suffix of a member as the webdataset library has them, but that its suffix is that of a file that is not hidden:
 * `a.b/c.seg.png` has the key `a.b/c` and the suffix `seg.png`. Undefined for what belongs to no sample.
 */
export function keyOf(name: Uint8Array): { key: string; suffix: string } | undefined {
  const text = latin1(name);
  if (isMeta(text) || isHidden(name)) return undefined;
  const found = /^((?:.*\/)?[^./]+)\.([^/]*)$/s.exec(text);
  return found === null ? undefined : { key: found[1] as string, suffix: lowerCase(found[2] as string) };
}

/**
 * The samples of a shard, in its order.
 * @param onOther told of each member that belongs to none, but for folders and what is hidden
 * @throws DdrError InputForeign where a sample has two members of one suffix, or one that is stored without its zeros
 */
export async function* samplesOf(
  members: AsyncIterable<TarMember>,
  where: string,
  onOther: (name: Uint8Array) => void,
): AsyncGenerator<Sample> {
  let sample: Sample | undefined;
  for await (const member of members) {
    if (member.kind === 'folder' || isHidden(member.name) || isMeta(latin1(member.name))) continue;
    if (member.kind === 'sparse') throw sparse(member, where);
    const found = member.kind === 'file' ? keyOf(member.name) : undefined;
    if (found === undefined) {
      onOther(member.name);
      continue;
    }
    if (sample?.key !== found.key) {
      if (sample !== undefined) yield sample;
      sample = { key: found.key, members: new Map() };
    }
    if (sample.members.has(found.suffix)) throw twice(member, where);
    sample.members.set(found.suffix, member);
  }
  if (sample !== undefined) yield sample;
}

const sparse = ({ name }: TarMember, where: string) =>
  new DdrError('InputForeign', `is stored with its zeros left out`, {
    where: `${where}: ${showName(name)}`,
    hint: 'Make the archive without --sparse.',
  });

const twice = ({ name }: TarMember, where: string) =>
  new DdrError('InputForeign', 'is there twice in its sample', {
    where: `${where}: ${showName(name)}`,
    hint: 'Give every image a name of its own up to the first dot.',
  });
