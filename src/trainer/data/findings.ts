import { DdrError } from '../../api/errors.ts';
import type { Dataset } from '../../api/spec/dataset.ts';
import { type FileName, showName } from './fileName.ts';
import { suffixOf } from './imageNames.ts';

/** How many there are of a kind, and the first of them. */
interface Tally {
  count: number;
  first: string | undefined;
}

/** What is found while a source is read, besides its images. Its size does not grow with the source. */
export interface Findings {
  /** Files that are no images. */
  leftOut: { count: number; bySuffix: Map<string, number>; examples: string[] };
  /** Images that cannot be decoded, in the order in which they were found. */
  broken: { count: number; examples: { name: string; message: string }[]; first: DdrError | undefined };
  warned: Tally;
  /** Images with more frames or pages than the first, which is read. */
  several: Tally;
  notSquare: Tally;
  /** What else people should know, such as how numbers were read as bytes. */
  said: string[];
}

/** Names that are kept of each kind, and suffixes that are told apart: of millions, a few show what they are. */
export const keptExamples = 20;
const keptSuffixes = 20;

/** Characters of a notice. */
const noticeLength = 300;
const nameLength = 80;

export const noFindings = (): Findings => ({
  leftOut: { count: 0, bySuffix: new Map(), examples: [] },
  broken: { count: 0, examples: [], first: undefined },
  warned: { count: 0, first: undefined },
  several: { count: 0, first: undefined },
  notSquare: { count: 0, first: undefined },
  said: [],
});

/** A text that is no longer than so many characters; its end says most of a path. */
const endOf = (text: string, length: number) =>
  text.length <= length ? text : `…${text.slice(text.length - length + 1)}`.toWellFormed();
const beginningOf = (text: string, length: number) =>
  text.length <= length ? text : `${text.slice(0, length - 1)}…`.toWellFormed();

export const shortName = (name: FileName): string => endOf(showName(name), nameLength);

export function noteLeftOut({ leftOut }: Findings, name: FileName): void {
  const suffix = suffixOf(name);
  const known = leftOut.bySuffix.has(suffix) || leftOut.bySuffix.size < keptSuffixes;
  const key = known ? suffix : 'others';
  leftOut.count++;
  leftOut.bySuffix.set(key, (leftOut.bySuffix.get(key) ?? 0) + 1);
  if (leftOut.examples.length < keptExamples) leftOut.examples.push(shortName(name));
}

export function noteBroken({ broken }: Findings, name: FileName, error: DdrError): void {
  broken.count++;
  broken.first ??= error;
  if (broken.examples.length < keptExamples)
    broken.examples.push({ name: shortName(name), message: beginningOf(error.message, noticeLength) });
}

export function note(tally: Tally, first: string): void {
  tally.count++;
  tally.first ??= first;
}

const files = (count: number) => `${count.toLocaleString('en')} ${count === 1 ? 'file' : 'files'}`;
const images = (count: number) => `${count.toLocaleString('en')} ${count === 1 ? 'image' : 'images'}`;
const areOrIs = (count: number) => (count === 1 ? 'is' : 'are');
const wereOrWas = (count: number) => (count === 1 ? 'was' : 'were');

/** How many files of which suffix, the most frequent first. */
const bySuffix = (counts: Map<string, number>) =>
  [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([suffix, count]) => `${count.toLocaleString('en')} ${suffix || 'without suffix'}`)
    .join(', ');

const fitted = {
  CenterCrop: 'cropped to their centre',
  Stretch: 'distorted to be square',
  Pad: 'filled up with black',
} as const satisfies Record<Dataset['image']['fit'], string>;

/** What people should know of the data, a sentence each, bounded. */
export function noticesOf(
  { leftOut, broken, warned, several, notSquare, said }: Findings,
  { image }: Dataset,
): string[] {
  const notices = [
    ...said,
    leftOut.count > 0 &&
      `${files(leftOut.count)} ${areOrIs(leftOut.count)} no image that is read, and left out: ${bySuffix(leftOut.bySuffix)}`,
    broken.count > 0 &&
      `${images(broken.count)} cannot be decoded and ${wereOrWas(broken.count)} left out: ${broken.examples.map(({ name }) => name).join(', ')}`,
    warned.count > 0 &&
      `${images(warned.count)} ${wereOrWas(warned.count)} read though the decoder warns, first of ${warned.first}`,
    several.count > 0 &&
      `${images(several.count)} ${several.count === 1 ? 'has' : 'have'} several frames or pages, of which only the first is read, first ${several.first}`,
    notSquare.count > 0 &&
      `${images(notSquare.count)} ${wereOrWas(notSquare.count)} not square and ${fitted[image.fit]} (image.fit: ${image.fit}), first ${notSquare.first}`,
  ];
  return notices.filter((notice) => notice !== false).map((notice) => beginningOf(notice, noticeLength));
}

/**
 * The error of more broken images than may be left out: that of the first, and how many there are.
 * @param checked images that were looked at
 */
export function tooManyBroken({ broken }: Findings, checked: number, maxBroken: number): DdrError {
  const { first, count, examples } = broken;
  const error = first ?? new DdrError('InputForeign', 'cannot be decoded');
  const others =
    count === 1
      ? ''
      : `: ${examples
          .slice(0, 5)
          .map(({ name }) => name)
          .join(', ')}${count > 5 ? ' …' : ''}`;
  const them = count === 1 ? 'it' : 'them';
  const allowed = maxBroken === 0 ? '' : `, and ${maxBroken} may be left out`;
  return new DdrError(
    error.code,
    `${error.message}; ${count.toLocaleString('en')} of ${images(checked)} cannot be read${allowed}${others}`,
    {
      ...(error.where === undefined ? {} : { where: error.where }),
      hint: `${error.hint === undefined ? 'Repair' : `${error.hint} Else repair`} or remove ${them}, or leave ${them} out with dataset.maxBroken: ${count}.`,
      cause: error,
    },
  );
}
