/** Whether a path is of names only, with / between them: none that leads up, out of a folder, or to nothing. */
export const isPlainPath = (path: string): boolean =>
  path.split('/').every((part) => !['', '.', '..'].includes(part) && !part.includes('\0'));
