import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Progress } from '../../api/progress.ts';

/** Least milliseconds between two messages to the worker, but for changes of phase. */
const interval = 200;

export interface ProgressServer {
  report: (progress: Progress) => void;
  close: () => Promise<void>;
}

/** Serves /healthz, /progress and /metrics from a worker thread. Port 0 or undefined serves nothing. */
export function startProgressServer(port: number | undefined, onError: (error: Error) => void): ProgressServer {
  if (port === undefined || port === 0) return { report: () => {}, close: async () => {} };
  // The same extension as this file's: .ts from source, .js when compiled.
  const worker = new Worker(new URL(`./httpWorker${extname(import.meta.filename)}`, import.meta.url), {
    workerData: { port },
  });
  worker.on('error', (error: unknown) => onError(error instanceof Error ? error : new Error(String(error))));
  worker.unref();
  let last = { phase: '', at: Number.NEGATIVE_INFINITY };
  return {
    report(progress) {
      const at = performance.now();
      if (progress.phase === last.phase && at - last.at < interval) return;
      last = { phase: progress.phase, at };
      worker.postMessage(progress);
    },
    close: async () => {
      await worker.terminate();
    },
  };
}
