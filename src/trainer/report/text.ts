/** Text for HTML, in content and in quoted attributes. */
export const escapeHtml = (text: unknown): string =>
  String(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

const groupedFormat = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 16 });

/** 1234567 → 1,234,567 */
export const grouped = (value: number): string => groupedFormat.format(value);

const compactFormat = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 });

/** 1234567 → 1.23M */
export const compact = (value: number): string => compactFormat.format(value);

/** To so many significant digits, without trailing zeros. */
export const significant = (value: number, digits = 4): string => Number(value.toPrecision(digits)).toString();

/** Hours, minutes and seconds, the largest two. */
export function duration(seconds: number): string {
  if (seconds < 59.95) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}

/** "1 model", "10 models". */
export const counted = (count: number, noun: string): string => `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
