import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, jsonReporter, terminalReporter } from '../../../../src/cli/fetch/reporter.ts';

test('bytes are shown with three digits', () => {
  const texts = [0, 999, 1000, 12_345, 123_456, 1.5e9, 2e15].map(formatBytes);
  assert.deepEqual(texts, ['0 B', '999 B', '1.0 kB', '12.3 kB', '123 kB', '1.5 GB', '2000 TB']);
});

test('a terminal shows a bar with speed and time left, drawn over, and what was there before is no speed', () => {
  let [text, now] = ['', 0];
  const reporter = terminalReporter(
    (more) => {
      text += more;
    },
    () => 200,
    () => now,
  );
  reporter.show({ what: 'bundle', bytes: 500e6, bytesTotal: 1000e6 });
  now = 100;
  reporter.show({ what: 'bundle', bytes: 501e6, bytesTotal: 1000e6 });
  assert.ok(!text.includes('501'), 'not drawn so soon');
  now = 2000;
  reporter.show({ what: 'bundle', bytes: 600e6, bytesTotal: 1000e6 });
  assert.match(text, /bundle {2}█{14}░{10} {2}60% {2}600 MB of 1.0 GB {2}50.0 MB\/s {2}0:08 left/);
  reporter.note('a word');
  reporter.show({ what: 'bundle', bytes: 1000e6, bytesTotal: 1000e6 });
  reporter.end(['Bundle: here'], {});
  assert.match(text, /a word\n.*100%.*Bundle: here\n$/s);
});

test('programs get an object per line', () => {
  const lines: string[] = [];
  let now = 0;
  const reporter = jsonReporter(
    (line) => lines.push(line),
    () => now,
  );
  for (; now <= 4000; now += 1000) reporter.show({ what: 'report', bytes: now, bytesTotal: 5000 });
  reporter.note('wait');
  reporter.end(['text'], { files: 2 });
  const events = lines.map((line) => JSON.parse(line) as { event: string; bytes?: number; files?: number });
  assert.deepEqual(
    events.map(({ event, bytes, files }) => [event, bytes ?? files]),
    [
      ['progress', 0],
      ['progress', 3000],
      ['note', undefined],
      ['end', 2],
    ],
  );
});
