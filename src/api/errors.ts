import { ExitCode } from './exitCodes.ts';
import { escapeInvisible } from './invisible.ts';

/**
 * The catalogue of stable error codes, each with the exit code of a process that ends with it.
 * Users script against codes: one is added, never renamed.
 */
export const errorCodes = {
  /** The resource or a command-line argument does not satisfy the schema. */
  InvalidSpec: ExitCode.BadConfiguration,
  /** DDR_TASK or another environment variable of a trainer process is missing or malformed. */
  InvalidTask: ExitCode.BadConfiguration,
  /** A dataset, reference or weights file is not there. */
  InputMissing: ExitCode.BadInput,
  /** A file ends before its header says it should. */
  InputTruncated: ExitCode.BadInput,
  /** A file is of another format, shape or type than asked for. */
  InputForeign: ExitCode.BadInput,
  /** A path leaves the folder it must stay in, or an archive unpacks to more than it may. */
  InputUnsafe: ExitCode.BadInput,
  /** The data have changed while they were read, or are others than were prepared. */
  DataChanged: ExitCode.BadInput,
  /** Images, features or sizes do not fit one another. */
  InputMismatch: ExitCode.BadInput,
  /** A checkpoint, model or bundle does not have the digest that was recorded for it. */
  DigestMismatch: ExitCode.InputOutput,
  /** A model that the bundle needs has no final checkpoint. */
  ModelMissing: ExitCode.InputOutput,
  /** No space left on the volume, or in its quota. */
  DiskFull: ExitCode.InputOutput,
  /** Reading or writing a file failed for another reason. */
  FileAccess: ExitCode.InputOutput,
  /** Where the data come from over the network did not answer, though it was asked again for some time. */
  SourceUnavailable: ExitCode.InputOutput,
  /** The object store cannot do what keeps a run's artifacts safe. */
  StoreUnsuitable: ExitCode.BadConfiguration,
  /** Another, newer attempt trains this model. */
  Fenced: ExitCode.Fenced,
  /** SIGTERM, SIGINT or SIGHUP arrived; the state is saved. */
  Interrupted: ExitCode.Interrupted,
  /** The loss or a weight is no longer a finite number. */
  Diverged: ExitCode.BadConfiguration,
  /** TensorFlow or its native addon could not be loaded. */
  EngineUnavailable: ExitCode.Unexpected,
  /** The cluster does not serve runs. */
  CrdMissing: ExitCode.BadConfiguration,
  /** The CRD of the cluster lacks fields that the operator reads or writes. */
  CrdOutdated: ExitCode.BadConfiguration,
  /** Anything else: a defect. */
  Unexpected: ExitCode.Unexpected,
} as const satisfies Record<string, ExitCode>;

export type ErrorCode = keyof typeof errorCodes;

export interface ErrorDetails {
  /** Path in the YAML, file, pod or variable that the error is about. */
  where?: string | undefined;
  /** What the reader should do next. */
  hint?: string | undefined;
  cause?: unknown;
}

/**
 * An error that a user is meant to read: what was wrong, where, and what to do. Names out of files may be part of it: what a
 * terminal would act on is escaped.
 */
export class DdrError extends Error {
  readonly code: ErrorCode;
  readonly where: string | undefined;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(escapeInvisible(message, '\n\t'), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'DdrError';
    this.code = code;
    this.where = details.where === undefined ? undefined : escapeInvisible(details.where);
    this.hint = details.hint;
  }

  get exitCode(): ExitCode {
    return errorCodes[this.code];
  }

  /** One paragraph for a terminal or a condition's message. */
  describe(): string {
    const where = this.where === undefined ? '' : ` (${this.where})`;
    const hint = this.hint === undefined ? '' : `${/[.!?]$/.test(this.message) ? '' : '.'} ${this.hint}`;
    return `${this.code}${where}: ${this.message}${hint}`;
  }
}

/** Gives any thrown value the shape of a {@link DdrError}, so that every process ends with a code and a message. */
export function toDdrError(error: unknown): DdrError {
  if (error instanceof DdrError) return error;
  if (error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')) {
    return new DdrError('DiskFull', error.message, {
      hint: 'Make the volume larger or delete old runs; the next attempt resumes from the last checkpoint.',
      cause: error,
    });
  }
  if (error instanceof Error && 'syscall' in error) return new DdrError('FileAccess', error.message, { cause: error });
  return new DdrError('Unexpected', error instanceof Error ? error.message : String(error), { cause: error });
}
