import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTime, renderTable, Terminal } from '../../../src/cli/display.ts';
import type { View } from '../../../src/cli/view.ts';

const plain = { colour: false, columns: 80, rows: 40 };

function view(fields: Partial<View> = {}): View {
  return {
    name: 'digits',
    phase: 'Training',
    status: {
      models: { total: 3, pending: 1, active: 1, done: 1, failed: 0, summary: '1/3', retries: 0, states: {} },
    },
    models: ['done', 'active', 'pending'],
    active: [
      {
        step: 'train',
        states: '1',
        progress: { phase: 'Running', done: 50, total: 100, perSecond: 10, loss: 0.12345 },
        stopping: false,
      },
    ],
    progress: { images: 150, imagesTotal: 300, percent: 50, imagesPerSecond: 10, etaSeconds: 75 },
    notices: [],
    seconds: 3725,
    ...fields,
  };
}

test('the table has a line for the run, a strip of its models and a bar per model in training', () => {
  assert.deepEqual(renderTable(view(), plain), [
    'digits  Training  1/3 models  50%  1:02:05, about 1:15 left',
    '  ■▸·',
    '  state  1         ████████████░░░░░░░░░░░░  50%  10 images/s  loss 0.1235  0:05 left',
  ]);
});

test('a model whose process was asked to end is saving, whatever it answered last', () => {
  const active = [{ step: 'train' as const, states: '2-3', progress: undefined, stopping: true }];
  assert.equal(renderTable(view({ phase: 'Suspended', active }), plain).at(-1), '  states 2-3       saving its state');
});

test('a step of one process has a bar with what is done of how much', () => {
  const progress = { phase: 'Running' as const, done: 300, total: 600, perSecond: 100 };
  const active = [{ step: 'prepare' as const, states: undefined, progress, stopping: false }];
  assert.equal(
    renderTable(view({ phase: 'Preparing', active }), plain).at(-1),
    '  prepare          ████████████░░░░░░░░░░░░  50%  300 of 600  100/s  0:03 left',
  );
});

test('what goes wrong is told while the run goes on, a line each', () => {
  const notices = ['Diverged: the loss is NaN\nand more', 'b', 'c', 'd', 'e', 'f'];
  const lines = renderTable(view({ active: [], notices }), plain);
  assert.deepEqual(lines.slice(2), ['  Diverged: the loss is NaN', '  b', '  c', '  d', '  … and 2 more']);
});

test('a strip wraps at the width of the terminal; too many models are ranges of states', () => {
  const models = Array.from({ length: 10 }, () => 'pending' as const);
  assert.deepEqual(renderTable(view({ models, active: [] }), { ...plain, columns: 8 }).slice(1), [
    '  ······',
    '  ····',
  ]);
  const { status } = view();
  const many = {
    status: {
      models: {
        ...(status?.models as NonNullable<typeof status>['models'] & object),
        states: { done: '0-3', pending: '4-9' },
      },
    },
    models,
    active: [],
  };
  assert.deepEqual(renderTable(view(many), { ...plain, columns: 4 }).slice(1), ['  ■ done    0-3', '  · pending 4-9']);
});

test('a table is never higher than the terminal', () => {
  const active = Array.from({ length: 30 }, (_, i) => ({
    step: 'train' as const,
    states: String(i),
    progress: undefined,
    stopping: false,
  }));
  assert.equal(renderTable(view({ active }), plain).at(-1), '  … and 18 more');
  assert.equal(renderTable(view({ active }), { ...plain, rows: 6 }).length, 5);
});

test('the terminal is drawn over, and no line is wider than it', () => {
  let written = '';
  const terminal = new Terminal(
    (text) => {
      written += text;
    },
    () => 5,
  );
  terminal.draw(['\u001b[1mabcdefgh\u001b[0m', 'two']);
  assert.equal(written, '\u001b[2K\u001b[1mabcde\u001b[0m\n\u001b[2Ktwo\n\u001b[0J');
  terminal.draw(['x']);
  assert.ok(written.endsWith('\u001b[2A\u001b[2Kx\n\u001b[0J'));
});

test('times read as people write them', () => {
  assert.deepEqual([formatTime(5), formatTime(65), formatTime(3665)], ['0:05', '1:05', '1:01:05']);
});
