import { escapeHtml } from './text.ts';

/** A picture within the page. */
export const image = (png: Uint8Array, description: string): string =>
  `<img alt="${escapeHtml(description)}" src="data:image/png;base64,${Buffer.from(png).toString('base64')}">`;

/** Terms, which are escaped, with texts, which are HTML. */
export const definitions = (entries: readonly (readonly [string, string])[]) =>
  `<dl>${entries.map(([term, text]) => `<dt>${escapeHtml(term)}</dt><dd>${text}</dd>`).join('')}</dl>`;

export const digest = (sha256: string) => `<code>${escapeHtml(sha256)}</code>`;
export const shortDigest = (sha256: string) =>
  `<code title="${escapeHtml(sha256)}">${escapeHtml(sha256.slice(0, 12))}</code>`;
