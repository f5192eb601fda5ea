import type { Progress } from '../api/progress.ts';
import type { Phase, RunStatus } from '../api/status.ts';

/** A model that is in training, for the table. */
export interface ActiveModel {
  states: string;
  progress: Progress | undefined;
}

export interface View {
  name: string;
  phase: Phase;
  status: RunStatus | undefined;
  /** Phase of each model, in order. */
  models: ('pending' | 'active' | 'done' | 'failed')[];
  active: ActiveModel[];
  /** Seconds since the start. */
  seconds: number;
}

const marks = { pending: '·', active: '▸', done: '■', failed: '✗' } as const;
const colours = { pending: 2, active: 36, done: 32, failed: 31 } as const;
const barWidth = 24;
/** Rows for models in training. */
const rows = 12;

/** Seconds as 1:05 or 2:03:07. */
export function formatTime(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

function bar(done: number, total: number): string {
  const filled = total === 0 ? 0 : Math.round((barWidth * Math.min(done, total)) / total);
  return '█'.repeat(filled) + '░'.repeat(barWidth - filled);
}

function modelLine({ states, progress }: ActiveModel): string {
  if (progress === undefined || progress.total === 0) return `  state ${states.padEnd(9)} ${bar(0, 1)}  starting`;
  const { done, total, perSecond, loss, phase } = progress;
  const percent = `${Math.floor((100 * done) / total)}%`.padStart(4);
  const speed = perSecond === undefined ? '' : `  ${Math.round(perSecond)} images/s`;
  const lossText = loss === undefined ? '' : `  loss ${loss.toFixed(4)}`;
  return `  state ${states.padEnd(9)} ${bar(done, total)} ${percent}${speed}${lossText}${phase === 'Saving' ? '  saving' : ''}`;
}

/** The progress table: a line for the run, a strip of its models, a bar per model in training. */
export function renderTable({ name, phase, status, models, active, seconds }: View, colour: boolean): string[] {
  const paint = (code: number, text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const progress = status?.progress;
  const eta =
    phase === 'Training' && progress?.etaSeconds !== undefined ? `, about ${formatTime(progress.etaSeconds)} left` : '';
  const done = status?.models === undefined ? '' : `  ${status.models.summary} models`;
  const percent = phase === 'Training' && progress !== undefined ? `  ${progress.percent}%` : '';
  const strip = models.map((model) => paint(colours[model], marks[model])).join('');
  const hidden = active.length > rows ? [`  … and ${active.length - rows} more`] : [];
  return [
    `${paint(1, name)}  ${phase}${done}${percent}  ${formatTime(seconds)}${eta}`,
    ...(models.length <= 200 ? [`  ${strip}`] : []),
    ...active.slice(0, rows).map(modelLine),
    ...hidden,
  ];
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
