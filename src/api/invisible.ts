/** What a terminal would act on instead of showing it: control characters, and those that turn a line around. */
const invisible = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu;

function escaped(character: string): string {
  const code = character.codePointAt(0) as number;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/**
 * A text from outside as it may be shown, with control characters as \x1b.
 * @param kept of them that stay as they are
 */
export const escapeInvisible = (text: string, kept = ''): string =>
  text.replaceAll(invisible, (character) => (kept.includes(character) ? character : escaped(character)));
