import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelOf, sampleConditions } from '../../../../src/trainer/sample/conditions.ts';
import { aggregatedRun } from '../../../helpers/trainer.ts';

const classes = { classes: 4, counts: [0, 10, 30, 60] };
const labels = (sampling: Parameters<typeof labelOf>[0], count: number) =>
  Array.from({ length: count }, (_, i) => labelOf(sampling, classes)(i));

test('every class comes in turn, or those that are listed', () => {
  assert.deepEqual(labels({ seed: 1 }, 6), [0, 1, 2, 3, 0, 1]);
  assert.deepEqual(labels({ seed: 1, labels: { from: 'Uniform' } }, 6), [0, 1, 2, 3, 0, 1]);
  assert.deepEqual(labels({ seed: 1, labels: { from: 'Listed', list: [3, 3, 1] } }, 5), [3, 3, 1, 3, 3]);
});

test('classes by the frequencies of the data come as often as there, and a class without images never', () => {
  const drawn = labels({ seed: 1, labels: { from: 'Data' } }, 4000);
  const parts = classes.counts.map((_, label) => drawn.filter((each) => each === label).length / 4000);
  assert.equal(parts[0], 0);
  classes.counts.forEach((count, label) => {
    assert.ok(Math.abs((parts[label] as number) - count / 100) < 0.03);
  });
  assert.deepEqual(labels({ seed: 1, labels: { from: 'Data' } }, 10), drawn.slice(0, 10));
  assert.notDeepEqual(labels({ seed: 2, labels: { from: 'Data' } }, 100), drawn.slice(0, 100));
});

test('samples of a bundle without conditions have none', async (t) => {
  const run = await aggregatedRun(t);
  const { label, of } = await sampleConditions(run.sampleTask(), {}, run.store);
  assert.equal(label, undefined);
  assert.deepEqual(await of(3), {});
});

test('contexts that have not been prepared are named', async (t) => {
  const run = await aggregatedRun(t);
  const conditions = { contexts: { tokens: 2, width: 4 } };
  await assert.rejects(sampleConditions(run.sampleTask({ prepared: '0'.repeat(16) }), { conditions }, run.store), {
    code: 'ModelMissing',
    message: /no contexts/,
  });
});
