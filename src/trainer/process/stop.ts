/**
 * A signal that is aborted on SIGTERM, SIGINT and SIGHUP. This file imports nothing and is loaded before all others: the first
 * process of a container ignores a SIGTERM that it has no handler for, and would work on until it is killed.
 */
const controller = new AbortController();
const stop = () => controller.abort();
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, stop);

export const stopSignal: AbortSignal = controller.signal;

/** From now on the end of standard input counts as a signal: whoever started this process is gone. */
export function stopWithParent(): void {
  process.stdin.on('end', stop).on('error', stop).resume().unref();
}
