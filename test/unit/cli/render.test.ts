import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadAll } from 'js-yaml';
import { parseRun } from '../../../src/api/run.ts';
import { render } from '../../../src/cli/render.ts';
import { minimalRun } from '../../helpers/runs.ts';

test('every child is there, in the order in which it is needed, without an owner that nobody has made', () => {
  const text = render(parseRun(minimalRun()), 'trainer:1');
  const objects = loadAll(text) as { kind: string; metadata: { name: string; ownerReferences?: unknown } }[];
  assert.deepEqual(
    objects.map(({ metadata }) => metadata.name.replace(/-[0-9a-f]{8}$/, '')),
    [
      'digits-checkpoints',
      'digits-prepare',
      ...Array.from({ length: 10 }, (_, index) => `digits-m${index}`),
      ...['aggregate', 'sample', 'evaluate'].map((step) => `digits-${step}`),
    ],
  );
  assert.ok(objects.every(({ metadata }) => metadata.ownerReferences === undefined));
});

test('it says at the top what stands for a digest that nobody knows', () => {
  assert.match(
    render(parseRun(minimalRun()), 'trainer:1'),
    /^# Nobody has read the data yet\.(.*\n)# 0000000000000000 /,
  );
});
