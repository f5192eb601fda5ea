/** Whole numbers as ranges: [0, 1, 2, 5] is "0-2,5". They come sorted. */
export function formatRanges(numbers: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const number of numbers) {
    const current = ranges.at(-1);
    if (current !== undefined && number === current.last + 1) current.last = number;
    else ranges.push({ first: number, last: number });
  }
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

/** As {@link formatRanges}, cut after so many ranges, for status fields whose size must not grow with S. */
export function formatRangesBriefly(numbers: readonly number[], most = 64): string {
  const ranges = formatRanges(numbers).split(',');
  return ranges.length <= most ? ranges.join(',') : `${ranges.slice(0, most).join(',')},…`;
}
