import { reportFiles } from '../api/layout.ts';
import type { Run } from '../api/run.ts';
import type { LocalCluster } from '../local/localCluster.ts';
import { renderTable, Terminal } from './display.ts';
import { inStore, summaryOf } from './summary.ts';
import type { ActivePod, View } from './view.ts';

/** Milliseconds between two progress lines in JSON. */
const jsonEvery = 3000;

/** Shows how a run goes. */
export interface Printer {
  show(view: View): void;
  note(text: string): void;
  end(run: Run, view: View, local: LocalCluster): void;
}

export interface Output {
  write(text: string): void;
  /** Of the terminal, at this moment. */
  size(): { columns: number; rows: number };
  colour: boolean;
}

/** A table that is drawn over, for people. */
export function tablePrinter({ write, size, colour }: Output): Printer {
  const terminal = new Terminal(write, () => size().columns);
  return {
    show: (view) => terminal.draw(renderTable(view, { colour, ...size() })),
    note(text) {
      terminal.leave();
      write(`${text}\n`);
    },
    end(run, view, local) {
      terminal.leave();
      write(`\n${summaryOf(run, view, local).join('\n')}\n`);
    },
  };
}

/** How far a step is that is one process, or a few: preparing, sampling, … */
function stepOf(processes: readonly ActivePod[]): { name: string; done: number; total: number } | undefined {
  const [first] = processes.filter(({ step, progress }) => step !== 'train' && progress !== undefined);
  if (first?.progress === undefined) return undefined;
  return { name: first.step, done: first.progress.done, total: first.progress.total };
}

/** A JSON object per line, for programs: progress, conditions that change, notes, and the end. */
export function jsonPrinter(write: (text: string) => void, now: () => number): Printer {
  const emit = (event: string, fields: object) =>
    write(`${JSON.stringify({ time: new Date(now()).toISOString(), event, ...fields })}\n`);
  let last = { text: '', at: 0 };
  const conditions = new Map<string, string>();
  return {
    show({ name, phase, status, progress, active: processes }) {
      for (const { type, status: value, reason, message } of status?.conditions ?? []) {
        if (conditions.get(type) === value) continue;
        // At first most are False, which is no news.
        if (conditions.has(type) || value === 'True' || type === 'ScheduleReachesNoise')
          emit('condition', { run: name, type, status: value, reason, message });
        conditions.set(type, value);
      }
      const { summary, active, failed } = status?.models ?? {};
      const text = `${phase} ${summary} ${active} ${failed}`;
      const works = processes.some((process) => process.progress !== undefined);
      if (text === last.text && (!works || now() - last.at < jsonEvery)) return;
      last = { text, at: now() };
      emit('progress', { run: name, phase, models: summary, active, failed, ...progress, step: stepOf(processes) });
    },
    note: (message) => emit('note', { message }),
    end(run, { phase, status, seconds }, local) {
      const { dataset, results, bundle, failures } = status ?? {};
      const report = results && { report: `${inStore(run, local, results.path)}/${reportFiles.page}` };
      emit('end', {
        run: run.metadata.name,
        phase,
        seconds: Math.round(seconds),
        ...report,
        dataset,
        results,
        bundle,
        failures: failures?.map((failure) => ({
          ...failure,
          ...(failure.pod === undefined ? {} : { logFile: local.logOf(failure.pod) }),
        })),
      });
    },
  };
}
