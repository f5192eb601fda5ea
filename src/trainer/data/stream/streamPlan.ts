import { DdrError, type ErrorCode, toDdrError } from '../../../api/errors.ts';
import type { Dataset } from '../../../api/spec/dataset.ts';
import type { SourceAccess } from '../openSourceFiles.ts';
import type { SourceFile } from '../sourceFiles.ts';

/** All that the thread is told which streams a dataset. */
export interface StreamPlan {
  /** What is streamed, and how it is read. */
  dataset: Dataset;
  access: SourceAccess;
  /** Folder for what is fetched; none where nothing is to be kept. */
  cacheFolder: string | undefined;
  index: {
    /** A file of this machine. */
    path: string;
    /** Bytes before the first entry. */
    offset: number;
    count: number;
    shards: readonly SourceFile[];
  };
}

/** Asks for an image by its number. */
export interface Request {
  id: number;
  image: number;
}

/** An error on its way between threads, which would lose its class. */
export interface ErrorMessage {
  code: ErrorCode;
  message: string;
  where: string | undefined;
  hint: string | undefined;
}

/** The image's pixels, or why it could not be had. */
export type Answer = { id: number; pixels: Uint8Array } | { id: number; error: ErrorMessage };

export function fromError(thrown: unknown): ErrorMessage {
  const { code, message, where, hint } = toDdrError(thrown);
  return { code, message, where, hint };
}

export const toError = ({ code, message, where, hint }: ErrorMessage): DdrError =>
  new DdrError(code, message, { where, hint });
