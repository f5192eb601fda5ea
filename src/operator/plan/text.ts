/**
 * The first characters of a text, and no half of a pair of surrogates: the API server would store another character in its
 * place, and what it has would never equal what is wanted.
 */
export const cutText = (text: string, most: number): string => text.slice(0, most).toWellFormed();
