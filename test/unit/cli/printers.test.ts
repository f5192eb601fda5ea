import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRun } from '../../../src/api/run.ts';
import { jsonPrinter, tablePrinter } from '../../../src/cli/printers.ts';
import type { View } from '../../../src/cli/view.ts';
import type { LocalCluster } from '../../../src/local/localCluster.ts';
import { minimalRun } from '../../helpers/runs.ts';

const view = (fields: Partial<View> = {}): View => ({
  name: 'digits',
  phase: 'Preparing',
  status: undefined,
  models: ['pending'],
  active: [],
  progress: { images: 0, imagesTotal: 100, percent: 0 },
  notices: [],
  seconds: 1,
  ...fields,
});
const local = { folderOf: () => '/volume', logOf: (pod: string) => `/logs/${pod}` } as unknown as LocalCluster;
const run = parseRun(minimalRun());

function startJson() {
  const state = { now: 0, events: [] as Record<string, unknown>[] };
  const printer = jsonPrinter(
    (text) => state.events.push(JSON.parse(text) as Record<string, unknown>),
    () => state.now,
  );
  return { state, printer };
}

test('a line of JSON is written when the phase changes, and every three seconds while something works', () => {
  const { state, printer } = startJson();
  const progress = { phase: 'Running' as const, done: 3, total: 6 };
  const working = view({ active: [{ step: 'prepare', states: undefined, progress, stopping: false }] });
  for (const now of [0, 1000, 2999, 3000]) {
    state.now = now;
    printer.show(working);
  }
  assert.deepEqual(
    state.events.map(({ event, phase, step }) => ({ event, phase, step })),
    Array(2).fill({ event: 'progress', phase: 'Preparing', step: { name: 'prepare', done: 3, total: 6 } }),
  );
  printer.show(view({ phase: 'Training' }));
  state.now = 9000;
  printer.show(view({ phase: 'Training' }));
  assert.equal(state.events.length, 3);
});

test('a condition is told when it changes, at first only where it holds', () => {
  const { state, printer } = startJson();
  const withConditions = (prepared: 'True' | 'False') =>
    view({
      status: {
        conditions: (['Prepared', 'Failed'] as const).map((type) => ({
          type,
          status: type === 'Prepared' ? prepared : 'False',
          reason: 'R',
          message: 'M',
          lastTransitionTime: '',
        })),
      },
    });
  for (const status of ['False', 'True', 'True'] as const) printer.show(withConditions(status));
  assert.deepEqual(
    state.events.filter(({ event }) => event === 'condition').map(({ type, status }) => [type, status]),
    [['Prepared', 'True']],
  );
});

test('the end in JSON has data, results and where the logs of failures are', () => {
  const { state, printer } = startJson();
  const failures = [{ job: 'j', pod: 'p', reason: 'R', message: 'M' }];
  const results = { path: 'reports/r', digest: 'd', sampleCount: 1 };
  printer.end(run, view({ phase: 'Failed', status: { failures, results } }), local);
  const [end] = state.events;
  assert.equal(end?.report, '/volume/reports/r/report.html');
  assert.deepEqual(end?.failures, [{ ...failures[0], logFile: '/logs/p' }]);
});

test('notes and the summary stand below the table', () => {
  let written = '';
  const printer = tablePrinter({
    write: (text) => {
      written += text;
    },
    size: () => ({ columns: 80, rows: 24 }),
    colour: false,
  });
  printer.show(view());
  printer.note('The data have changed');
  printer.end(run, view({ phase: 'Complete' }), local);
  assert.match(written, /digits {2}Preparing[\s\S]*The data have changed\n\ndigits is complete after 0:01\.\n$/);
});
