/** The part of pino's interface that is used: details first, then the message. */
export interface Logger {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
