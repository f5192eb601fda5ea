/**
 * Exit codes of the trainer image. A Job's `podFailurePolicy` reads them (KEP-3329), so a number never changes its meaning.
 * The values follow sysexits.h where it has a fitting one.
 */
export const ExitCode = {
  Success: 0,
  /** Something unforeseen: the Job tries again. */
  Unexpected: 1,
  /** The user's data is truncated, foreign or missing: trying again cannot help. */
  BadInput: 65,
  /** Disk full, volume gone, file unreadable: the Job tries again. */
  InputOutput: 74,
  /** SIGTERM came, the state was saved: not counted as a failure. */
  Interrupted: 75,
  /** A newer attempt of the same model has taken over: not counted as a failure. */
  Fenced: 76,
  /** The task itself is wrong: trying again cannot help. */
  BadConfiguration: 78,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
