// What the operator costs at scale, against a bare loop that creates the same Jobs: on a real API server with simulated nodes.
//   npm run bench:operator                       S = 1,000
//   npm run bench:operator -- --runs 100 --states 100
//   npm run bench:operator -- --states 4096 --no-indexed
//   npm run bench:operator -- --restart          how soon an operator is ready that finds the children of all that there
// KUBECONFIG names a cluster whose nodes of the label type=kwok run pods at once and let them succeed; see CONTRIBUTING.md.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { Run } from '../../src/api/run.ts';
import { ApiClient } from '../../src/operator/kube/apiClient.ts';
import { systemClock } from '../../src/operator/kube/clock.ts';
import { types } from '../../src/operator/types.ts';
import { type Measurement, table } from './goals.ts';
import { OperatorProcess } from './operatorProcess.ts';
import { follow, isTrained, type Observation, simulatedRun, speakForPreparePods, withNamespace } from './simulated.ts';
import { trainingJobs } from './trainingJobs.ts';
import { bareLoop, indexedJob, type Yardstick } from './yardstick.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1' },
    states: { type: 'string', default: '1000' },
    limit: { type: 'string', default: '3600' },
    'no-indexed': { type: 'boolean', default: false },
    restart: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});
const [runs, states, limit] = [values.runs, values.states, values.limit].map(Number) as [number, number, number];
const scenario = runs === 1 ? `S = ${states}` : `${runs} runs × ${states}`;
const total = runs * states;
const client = ApiClient.fromEnvironment(systemClock, {});
const measurements: Measurement[] = [];
function measure(what: string, value: number, unit: string, goal?: Measurement['goal']): void {
  const measurement = { scenario, what, value, unit, ...(goal && { goal }) };
  measurements.push(measurement);
  console.error(`${what}: ${value.toPrecision(4)} ${unit}`);
}

const runOf = (namespace: string, index: number): Run => simulatedRun(`run-${index}`, namespace, states);

async function yardstick(): Promise<Yardstick> {
  const jobs = Array.from({ length: runs }, (_, i) => trainingJobs(runOf('bench-bare', i))).flat();
  const result = await withNamespace(client, 'bench-bare', () => bareLoop(client, 'bench-bare', jobs));
  measure('bare loop: creation', result.rate, 'Jobs/s');
  measure('bare loop: to the last end', result.seconds, 's');
  if (!values['no-indexed']) {
    const [job] = jobs;
    if (job === undefined) throw new Error('there is no model');
    const seconds = await withNamespace(client, 'bench-indexed', () => indexedJob(client, 'bench-indexed', job, total));
    measure('one Indexed Job: to its end', seconds, 's');
  }
  return result;
}

/** Seconds at which so many models had a Job, as the status said. */
const secondsAt = (seen: readonly Observation[], count: number): number =>
  seen.find(({ status }) => (status.models?.total ?? 0) - (status.models?.pending ?? 0) >= count)?.seconds ??
  Number.NaN;

function measureRun(seen: readonly Observation[], { rate }: Yardstick): void {
  const created = secondsAt(seen, states) - secondsAt(seen, 1);
  measure('first status', seen[0]?.seconds ?? Number.NaN, 's after apply', { atMost: 1 });
  measure('creation, of the bare loop', (states / created / rate) * 100, '%', { atLeast: 80 });
  const counts = new Set(seen.map(({ status }) => status.models?.pending)).size;
  measure('different counts seen while children are created', counts, 'counts');
  const seconds = (seen.at(-1)?.seconds ?? 0) - (seen[0]?.seconds ?? 0);
  measure('status writes', seen.length / seconds, '/s', { atMost: 1 });
}

async function operated(bare: Yardstick): Promise<void> {
  await withNamespace(client, 'bench-runs', async () => {
    const { operator, seconds: readyAfter } = await OperatorProcess.start();
    measure('ready', readyAfter, 's');
    const stopSpeaking = speakForPreparePods(client);
    try {
      const cpu = operator.cpuSeconds();
      const started = performance.now();
      const all = Array.from({ length: runs }, (_, i) => runOf('bench-runs', i));
      await Promise.all(all.map(({ status: _, ...run }) => client.create(types.run, run)));
      const seen = await Promise.all(all.map((run) => follow(client, run, isTrained, limit)));
      const elapsed = (performance.now() - started) / 1000;
      const bareRatioGoal = runs === 1 ? { atMost: 1.15 } : { atMost: 1 / 0.9 };
      measure('apply to Trained', elapsed, 's');
      measure('apply to Trained, of the bare loop', elapsed / bare.seconds, '×', bareRatioGoal);
      if (runs === 1) measureRun(seen[0] ?? [], bare);
      else {
        const ends = seen.map((statuses) => statuses.at(-1)?.seconds ?? Number.NaN);
        measure('first run’s end, of the last one’s', (Math.min(...ends) / Math.max(...ends)) * 100, '%');
      }
      measure('operator: CPU', ((operator.cpuSeconds() - cpu) / elapsed) * 100, '% of a core', { atMost: 15 });
      measure('operator: peak memory', operator.peakMegabytes(), 'MB', { atMost: 300 });
      const reconciles = await operator.metric('controller_runtime_reconcile_total');
      measure('reconciles', reconciles, 'in all');
      const p99 = await operator.quantile('ddr_watch_to_reconcile_seconds', 0.99);
      measure('watch to reconcile, p99, at most', p99 * 1000, 'ms', { atMost: 250 });
      const written = await Promise.all(['POST', 'PUT', 'PATCH', 'DELETE'].map((method) => operator.requests(method)));
      const writes = written.reduce((sum, count) => sum + count, 0);
      measure('writes, events among them', writes / total, 'per model', { atMost: 3 });
      measure('changes that a watch missed', await operator.metric('ddr_watch_missed_events_total'), '', { atMost: 0 });
      const [first] = all;
      const object = first && (await client.get(types.run, 'bench-runs', first.metadata.name));
      measure('size of the object', JSON.stringify(object).length / 1024, 'KB', { atMost: 256 });
    } finally {
      await stopSpeaking();
      if (operator.log !== '') console.error(operator.log);
      await operator.stop();
    }
    if (values.restart) {
      const { operator: second, seconds } = await OperatorProcess.start();
      measure(`ready again, with ${total} children there`, seconds, 's', { atMost: 10 });
      await second.stop();
    }
  });
}

await operated(await yardstick());
console.log(`\n${cpus().length} cores, ${cpus()[0]?.model}, Node ${process.versions.node}\n`);
console.log(table(measurements));
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(measurements, undefined, 1)}\n`);
await client.close();
