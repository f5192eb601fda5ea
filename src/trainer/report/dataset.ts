import type { Report } from '../artifacts/report.ts';
import { definitions, digest } from './elements.ts';
import { counted, escapeHtml, grouped } from './text.ts';

const code = (text: string) => `<code>${escapeHtml(text)}</code>`;

/** "2 .txt, 1 without suffix", the most frequent first. */
function suffixes(bySuffix: Report['dataset']['leftOut']['bySuffix']): string {
  return Object.entries(bySuffix)
    .sort(([, a], [, b]) => b - a)
    .map(([suffix, count]) => `${grouped(count)} ${suffix === '' ? 'without suffix' : code(suffix)}`)
    .join(', ');
}

/** Some of `count` things, and that there are more. */
function examples(texts: readonly string[], count: number): string {
  const more = count > texts.length ? `<li>and ${grouped(count - texts.length)} more</li>` : '';
  return texts.length === 0 ? '' : `<ul class="list">${texts.map((text) => `<li>${text}</li>`).join('')}${more}</ul>`;
}

/** What was learned from: where it came from, what was left out of it, and what to know of it. */
export function datasetSection({ dataset, image, latents }: Report): string {
  const { source, leftOut, broken, notices } = dataset;
  const entries: [string, string][] = [
    ['source', code(source.where)],
    ['images', `${grouped(dataset.count)} of ${image.size}×${image.size}×${image.channels}`],
    ['sha256', `${digest(dataset.sha256)} of shape and ${latents === undefined ? 'pixels' : 'latents'}`],
  ];
  if (latents !== undefined) {
    const { size, channels, scalingFactor, shiftFactor } = latents;
    const scaled = `(latent − ${shiftFactor}) · ${scalingFactor}`;
    entries.push(['networks see', `latents of ${size}×${size}×${channels}, as ${scaled}`]);
  }
  if (leftOut.count > 0) {
    const what = `${counted(leftOut.count, 'file')} that ${leftOut.count === 1 ? 'is no image' : 'are no images'}`;
    entries.push([
      'left out',
      `${what}: ${suffixes(leftOut.bySuffix)}${examples(leftOut.examples.map(code), leftOut.count)}`,
    ]);
  }
  if (broken.count > 0) {
    const named = broken.examples.map(({ name, message }) => `${code(name)} ${escapeHtml(message)}`);
    const what = `${counted(broken.count, 'image')} that could not be decoded, left out`;
    entries.push(['broken', `${what}${examples(named, broken.count)}`]);
  }
  const notes = notices.map((notice) => `<li>${escapeHtml(notice)}</li>`).join('');
  return `<h2>Data</h2><div class="card">${definitions(entries)}${notes === '' ? '' : `<ul class="notes">${notes}</ul>`}</div>`;
}
