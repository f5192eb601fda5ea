import { bar, formatTime, Terminal } from '../display.ts';

/** Milliseconds between two looks at progress, on a terminal and in JSON. */
const [drawEvery, jsonEvery] = [200, 3000];

/** How far a transfer is. */
export interface Transfer {
  /** What is under way, for people. */
  what: string;
  bytes: number;
  bytesTotal: number;
}

/** Shows how a transfer goes. */
export interface Reporter {
  show(transfer: Transfer): void;
  note(text: string): void;
  /** @param lines for people, fields for programs */
  end(lines: readonly string[], fields: object): void;
}

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes as 12.3 MB. */
export function formatBytes(bytes: number): string {
  const unit = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** unit;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Speed since the first look: what was there before it counts for nothing. */
function speedometer(now: () => number): (bytes: number) => number | undefined {
  let first: { at: number; bytes: number } | undefined;
  return (bytes) => {
    first ??= { at: now(), bytes };
    const seconds = (now() - first.at) / 1000;
    return seconds < 1 ? undefined : Math.max(0, bytes - first.bytes) / seconds;
  };
}

/** @param now milliseconds, from any moment on */
export function terminalReporter(write: (text: string) => void, columns: () => number, now: () => number): Reporter {
  const terminal = new Terminal(write, columns);
  const speedOf = speedometer(now);
  let last = Number.NEGATIVE_INFINITY;
  return {
    show({ what, bytes, bytesTotal }) {
      const speed = speedOf(bytes);
      if (bytes < bytesTotal && now() - last < drawEvery) return;
      last = now();
      const percent = `${Math.floor((100 * bytes) / Math.max(1, bytesTotal))}%`.padStart(4);
      const left = speed === undefined || speed === 0 ? '' : `  ${formatTime((bytesTotal - bytes) / speed)} left`;
      const rate = speed === undefined ? '' : `  ${formatBytes(speed)}/s`;
      const sizes = `${formatBytes(bytes)} of ${formatBytes(bytesTotal)}`;
      terminal.draw([
        `${what}  ${bar(bytes, bytesTotal)} ${percent}  ${sizes}${rate}${bytes < bytesTotal ? left : ''}`,
      ]);
    },
    note(text) {
      terminal.leave();
      write(`${text}\n`);
    },
    end(lines) {
      terminal.leave();
      write(lines.map((line) => `${line}\n`).join(''));
    },
  };
}

/** A JSON object per line, for programs. @param now milliseconds since 1970 */
export function jsonReporter(write: (text: string) => void, now: () => number): Reporter {
  const emit = (event: string, fields: object) =>
    write(`${JSON.stringify({ time: new Date(now()).toISOString(), event, ...fields })}\n`);
  let last = Number.NEGATIVE_INFINITY;
  return {
    show(transfer) {
      if (now() - last < jsonEvery) return;
      last = now();
      emit('progress', transfer);
    },
    note: (message) => emit('note', { message }),
    end: (_, fields) => emit('end', fields),
  };
}
