// Runs in a worker thread, since TensorFlow blocks the main thread for whole steps.
import { createServer } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import { Gauge, Registry } from 'prom-client';
import { type Progress, progressSchema } from '../../api/progress.ts';

/** Seconds without a word from the main thread after which the process counts as hung. */
const patience = 600;

const { port } = workerData as { port: number };
const registry = new Registry();
const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] });
const gauges = {
  done: gauge('ddr_trainer_done', 'Work done: images, samples or models.'),
  total: gauge('ddr_trainer_total', 'Work to do.'),
  perSecond: gauge('ddr_trainer_per_second', 'Work per second, smoothed.'),
  loss: gauge('ddr_trainer_loss', 'Loss of the last step.'),
};

let progress: Progress = { phase: 'Starting', done: 0, total: 0 };
let heard = performance.now();

parentPort?.on('message', (message: unknown) => {
  progress = progressSchema.parse(message);
  heard = performance.now();
  for (const [name, instrument] of Object.entries(gauges)) {
    const value = progress[name as keyof typeof gauges];
    if (value !== undefined) instrument.set(value);
  }
});

createServer(async (request, response) => {
  const answer = (status: number, type: string, body: string) =>
    response.writeHead(status, { 'content-type': type }).end(body);
  const silence = Math.round((performance.now() - heard) / 1000);
  switch (request.url) {
    case '/healthz':
      return silence < patience
        ? answer(200, 'text/plain', 'ok')
        : answer(500, 'text/plain', `no progress for ${silence} s`);
    case '/progress':
      return answer(200, 'application/json', JSON.stringify(progress));
    case '/metrics':
      return answer(200, registry.contentType, await registry.metrics());
    default:
      return answer(404, 'text/plain', 'not here: /healthz, /progress, /metrics');
  }
}).listen(port);
