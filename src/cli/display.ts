import type { Progress } from '../api/progress.ts';
import type { ActivePod, View } from './view.ts';

export interface TableOptions {
  colour: boolean;
  /** Of the terminal. */
  columns: number;
  rows: number;
}

const marks = { pending: '·', active: '▸', done: '■', failed: '✗' } as const;
const colours = { pending: 2, active: 36, done: 32, failed: 31 } as const;
const yellow = 33;
const bold = 1;
const barWidth = 24;
/** Lines for the strip of models, for processes at work, and for notices. */
const [stripLines, activeLines, noticeLines] = [4, 12, 4];

/** So many of something: 1 model, 2 models. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Seconds as 1:05 or 2:03:07. */
export function formatTime(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** So much of a whole, as blocks. */
export function bar(done: number, total: number): string {
  const filled = total === 0 ? 0 : Math.round((barWidth * Math.min(done, total)) / total);
  return '█'.repeat(filled) + '░'.repeat(barWidth - filled);
}

/** What stands at the end of a process's line in place of the time that is left. */
const ends: Partial<Record<Progress['phase'], string>> = { Saving: '  saving', Waiting: '  waits for other clusters' };

/** Of a process: what it works on, how far it is, how fast, and how long it will take. */
function activeLine({ step, states, progress, stopping }: ActivePod): string {
  const label = states === undefined ? step : `${states.includes('-') ? 'states' : 'state '} ${states}`;
  const name = `  ${label.padEnd(16)}`;
  if (stopping) return `${name} saving its state`;
  if (progress === undefined || progress.total === 0) return `${name} ${bar(0, 1)}  starting`;
  const { done, total, perSecond, loss, phase } = progress;
  const percent = `${Math.floor((100 * done) / total)}%`.padStart(4);
  const count = step === 'train' ? '' : `  ${done} of ${total}`;
  const speed = perSecond === undefined ? '' : `  ${Math.round(perSecond)}${step === 'train' ? ' images' : ''}/s`;
  const lossText = loss === undefined ? '' : `  loss ${loss.toFixed(4)}`;
  const left = perSecond === undefined || perSecond === 0 ? '' : `  ${formatTime((total - done) / perSecond)} left`;
  return `${name} ${bar(done, total)} ${percent}${count}${speed}${lossText}${ends[phase] ?? left}`;
}

/** A mark per model, over a few lines; ranges of states by phase where there are too many models for that. */
function strip({ models, status }: View, columns: number, paint: (code: number, text: string) => string): string[] {
  const width = Math.max(1, columns - 2);
  if (models.length <= width * stripLines) {
    return Array.from({ length: Math.ceil(models.length / width) }, (_, line) => {
      const part = models.slice(line * width, (line + 1) * width);
      return `  ${part.map((model) => paint(colours[model], marks[model])).join('')}`;
    });
  }
  const ranges = Object.entries(status?.models?.states ?? {}) as [keyof typeof colours, string][];
  return ranges.map(([phase, states]) => `  ${paint(colours[phase], `${marks[phase]} ${phase.padEnd(7)}`)} ${states}`);
}

const shorten = (lines: readonly string[], most: number, rest: (hidden: number) => string): string[] =>
  lines.length <= most ? [...lines] : [...lines.slice(0, most), rest(lines.length - most)];

/** The progress table: a line for the run, a strip of its models, a bar per process at work, and what else to know. */
export function renderTable(view: View, { colour, columns, rows }: TableOptions): string[] {
  const paint = (code: number, text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const { name, phase, status, progress, active, notices, seconds } = view;
  const training = phase === 'Training';
  const eta = training && progress.etaSeconds !== undefined ? `, about ${formatTime(progress.etaSeconds)} left` : '';
  const done = status?.models === undefined ? '' : `  ${status.models.summary} models`;
  const percent = training ? `  ${progress.percent}%` : '';
  const lines = [
    `${paint(bold, name)}  ${phase}${done}${percent}  ${formatTime(seconds)}${eta}`,
    ...strip(view, columns, paint),
    ...shorten(active.map(activeLine), activeLines, (hidden) => `  … and ${hidden} more`),
    ...shorten(
      notices.map((notice) => `  ${paint(yellow, notice.split('\n')[0] ?? '')}`),
      noticeLines,
      (hidden) => `  … and ${hidden} more`,
    ),
  ];
  return lines.slice(0, Math.max(1, rows - 1)); // what has scrolled out of the window cannot be drawn over
}

/** Draws lines over those drawn before. */
export class Terminal {
  readonly #write: (text: string) => void;
  readonly #columns: () => number;
  #height = 0;

  constructor(write: (text: string) => void, columns: () => number) {
    this.#write = write;
    this.#columns = columns;
  }

  draw(lines: readonly string[]): void {
    const up = this.#height === 0 ? '' : `\u001b[${this.#height}A`;
    const width = this.#columns();
    this.#write(`${up}${lines.map((line) => `\u001b[2K${cut(line, width)}\n`).join('')}\u001b[0J`);
    this.#height = lines.length;
  }

  /** Leaves what is drawn and begins below it. */
  leave(): void {
    this.#height = 0;
  }
}

/** Built from its parts: a control character in a pattern is easily overlooked. */
const colourCode = new RegExp(`(${String.fromCharCode(27)}\\[[0-9;]*m)`);

/** Cuts a line to the terminal's width; one that wraps would be counted as one line. Colour codes have no width. */
function cut(line: string, width: number): string {
  let visible = 0;
  let result = '';
  for (const part of line.split(colourCode)) {
    if (part.startsWith('\u001b')) result += part;
    else {
      result += [...part].slice(0, Math.max(0, width - visible)).join('');
      visible += [...part].length;
    }
  }
  return result;
}
