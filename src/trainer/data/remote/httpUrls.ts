import { DdrError } from '../../../api/errors.ts';
import { rangePattern } from '../../../api/spec/source.ts';

/** The URLs that one with a range stands for, as WebDataset writes them: {000..146} is 000, 001 … 146. */
export function expandUrl(url: string): string[] {
  const [range, first = '', last = ''] = rangePattern.exec(url) ?? [];
  if (range === undefined) return [url];
  const count = Number(last) - Number(first) + 1;
  return Array.from({ length: count }, (_, i) =>
    url.replace(range, () => String(Number(first) + i).padStart(first.length, '0')),
  );
}

/** A URL without its query. */
const placeOf = (url: string): string => {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
};

/** The folders that two places have in common, with the last / of them. */
function common(a: string, b: string): string {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return a.slice(0, a.lastIndexOf('/', at - 1) + 1);
}

/** Files of URLs by their names, and the folder that is common to all. */
export interface NamedUrls {
  /** URL of the common folder; empty where there is none. */
  folder: string;
  urls: ReadonlyMap<string, string>;
}

/**
 * Names files by what of their URLs comes after the last common folder.
 * @throws DdrError InputMismatch where two have the same name, InputForeign where one is a folder
 */
export function namedUrls(given: readonly string[]): NamedUrls {
  const all = given.flatMap(expandUrl);
  const places = all.map(placeOf);
  const [first = ''] = places;
  const folder = places.reduce(common, first.slice(0, first.lastIndexOf('/') + 1));
  const urls = new Map<string, string>();
  for (const [i, place] of places.entries()) {
    const name = place.slice(folder.length);
    const where = all[i];
    if (name === '' || name.endsWith('/'))
      throw new DdrError('InputForeign', 'is the URL of a folder, not of a file', {
        where,
        hint: 'List its files in dataset.source.http.urls: a web server does not say what is in a folder.',
      });
    if (urls.has(name))
      throw new DdrError('InputMismatch', 'differs from another URL in its query only, or not at all', { where });
    urls.set(name, all[i] as string);
  }
  return { folder, urls };
}
