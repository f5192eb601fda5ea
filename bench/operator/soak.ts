// Whether the operator grows, or misses what happens, when runs come and go for a long time.
//   npm run bench:soak                     30 minutes
//   npm run bench:soak -- --minutes 1440
// The cluster is that of bench:operator.
import { parseArgs } from 'node:util';
import { ApiClient } from '../../src/operator/kube/apiClient.ts';
import { systemClock } from '../../src/operator/kube/clock.ts';
import { types } from '../../src/operator/types.ts';
import { type Measurement, table } from './goals.ts';
import { OperatorProcess } from './operatorProcess.ts';
import { follow, isTrained, simulatedRun, speakForPreparePods, withNamespace } from './simulated.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '30' } } });
const [runs, states] = [5, 50];
/** Rounds until the heap has the size that it needs. */
const warmUp = 3;
const client = ApiClient.fromEnvironment(systemClock, {});

/** Some runs that are trained and deleted. */
async function round(namespace: string): Promise<void> {
  const all = Array.from({ length: runs }, (_, i) => simulatedRun(`run-${i}`, namespace, states));
  await Promise.all(all.map(({ status: _, ...run }) => client.create(types.run, run)));
  await Promise.all(all.map((run) => follow(client, run, isTrained, 600)));
}

const { operator } = await OperatorProcess.start();
const stopSpeaking = speakForPreparePods(client);
const memory: number[] = [];
const end = performance.now() + Number(values.minutes) * 60_000;
try {
  for (let i = 0; performance.now() < end || i < 2 * warmUp; i++) {
    await withNamespace(client, `soak-${i}`, () => round(`soak-${i}`));
    memory.push(operator.residentMegabytes());
    console.error(`round ${i + 1}: ${memory.at(-1)?.toFixed(0)} MB`);
  }
  const mean = (part: readonly number[]) => part.reduce((sum, value) => sum + value, 0) / part.length;
  const settled = memory.slice(warmUp);
  const half = Math.floor(settled.length / 2);
  const scenario = `${memory.length} rounds of ${runs} × ${states}`;
  const missed = await operator.metric('ddr_watch_missed_events_total');
  const errors = await operator.metric('controller_runtime_reconcile_errors_total');
  const growth = (mean(settled.slice(-half)) / mean(settled.slice(0, half)) - 1) * 100;
  const measurements: Measurement[] = [
    { scenario, what: 'memory, second half against first', value: growth, unit: '%', goal: { atMost: 5 } },
    { scenario, what: 'peak memory', value: operator.peakMegabytes(), unit: 'MB', goal: { atMost: 300 } },
    { scenario, what: 'changes that a watch missed', value: missed, unit: '', goal: { atMost: 0 } },
    { scenario, what: 'reconciliations that failed', value: errors, unit: '', goal: { atMost: 0 } },
  ];
  console.log(table(measurements));
} finally {
  await stopSpeaking();
  await operator.stop();
  await client.close();
}
