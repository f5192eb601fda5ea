import { DdrError } from '../../../api/errors.ts';
import type { Dataset } from '../../../api/spec/dataset.ts';
import { readNpy } from '../../formats/npy.ts';
import { showName } from '../fileName.ts';
import { type Findings, noteLeftOut } from '../findings.ts';
import { kindOfName } from '../imageNames.ts';
import type { SourceFile, SourceFiles } from '../sourceFiles.ts';
import { forward, type Read } from './forward.ts';
import { labelOfJson, labelOfText } from './memberLabels.ts';
import { lowerCase, type Sample, samplesOf } from './samples.ts';
import type { ShardEntry, ShardFormat, ShardImage } from './shard.ts';
import { type TarMember, tarMembers } from './tarMembers.ts';

/** Largest image, and largest text of a label. */
const [mostImageBytes, mostLabelBytes] = [2 ** 29, 2 ** 20];

/** What lies beside images and is known, though nothing may be learned from it. */
const companions = new Set(['cls', 'json', 'txt']);

const isImage = (suffix: string): boolean =>
  !suffix.includes('.') && (suffix === 'npy' || kindOfName(Buffer.from(`a.${suffix}`)) === 'image');

/** Shards of the webdataset library: tar archives in which members with equal names up to the first dot are one sample. */
export const webDataset: ShardFormat = {
  isShard: (name) => /\.(tar|tar\.gz|tgz|tar\.zst|tar\.bz2|tar\.xz)$/i.test(name),
  async open(files, file, dataset, findings) {
    const where = `${files.where}: ${file.name}`;
    requirePlain(file, where);
    return {
      entries: () => entriesOf(files, file, where, dataset, findings),
      extract: async (range) => imageOf(range),
    };
  },
};

/** A compressed archive has no places that images could be read from. */
function requirePlain({ name }: SourceFile, where: string): void {
  if (/\.tar$/i.test(name)) return;
  throw new DdrError('InputForeign', 'is a compressed archive, in which no image has a place of its own', {
    where,
    hint: 'Unpack it to a plain .tar, such as with gunzip: images are compressed already.',
  });
}

const npyMagic = '\x93NUMPY';

function imageOf(bytes: Uint8Array): ShardImage {
  const isArray = Buffer.from(bytes.subarray(0, npyMagic.length)).toString('latin1') === npyMagic;
  return isArray ? { kind: 'array', array: readNpy(bytes, 'the array') } : { kind: 'encoded', bytes };
}

async function* entriesOf(
  files: SourceFiles,
  file: SourceFile,
  where: string,
  dataset: Dataset,
  findings: Findings,
): AsyncGenerator<ShardEntry> {
  const wanted = dataset.field && lowerCase(Buffer.from(dataset.field).toString('latin1'));
  const read = forward(files, file);
  const leaveOut = (name: Uint8Array) => noteLeftOut(findings, Buffer.from(name));
  const members = tarMembers({ size: file.size, where, read });
  for await (const sample of samplesOf(members, where, leaveOut)) {
    const image = chosenImage(sample, wanted, where);
    for (const [suffix, member] of sample.members)
      if (member !== image && (image === undefined || !companions.has(suffix))) leaveOut(member.name);
    if (image === undefined) continue;
    const name = `${where}: ${showName(image.name)}`;
    if (image.size > mostImageBytes)
      throw new DdrError('InputUnsafe', `has ${image.size} bytes, more than an image may have`, { where: name });
    const label = await labelOf(sample, dataset.labels, read, name);
    yield { offset: image.offset, length: image.size, name, ...(label !== undefined && { label }) };
  }
}

/** @throws DdrError InputForeign where it is not clear which member is the image */
function chosenImage({ members }: Sample, wanted: string | undefined, where: string): TarMember | undefined {
  if (wanted !== undefined) return members.get(wanted);
  const [image, other] = [...members].filter(([suffix]) => isImage(suffix)).map(([, member]) => member);
  if (image === undefined || other === undefined) return image;
  throw new DdrError(
    'InputForeign',
    `has several images in one sample: ${[image, other].map(({ name }) => showName(name)).join(', ')}`,
    {
      where,
      hint: 'Say in dataset.field which suffix is that of the images, such as jpg.',
    },
  );
}

async function labelOf(
  { members }: Sample,
  labels: Dataset['labels'],
  read: Read,
  where: string,
): Promise<number | undefined> {
  if (labels === undefined || (labels.from !== 'Cls' && labels.from !== 'Json')) return undefined;
  const suffix = labels.from === 'Cls' ? 'cls' : 'json';
  const member = members.get(suffix);
  if (member === undefined) {
    throw new DdrError('InputMismatch', `has no label: there is no .${suffix} beside it`, {
      where,
      hint: 'Members of one sample follow one another in its shard: "tar --sort=name" writes them so.',
    });
  }
  if (member.size > mostLabelBytes)
    throw new DdrError('InputUnsafe', `has a .${suffix} of ${member.size} bytes`, { where });
  const bytes = await read(member.offset, member.size);
  return labels.from === 'Cls' ? labelOfText(bytes, where) : labelOfJson(bytes, labels.field ?? 'label', where);
}
